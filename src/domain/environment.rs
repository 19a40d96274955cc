//! Environments and the graph that they form.

use super::{EnvironmentName, ImageTemplate};

/// What the domain knows of an environment: where its images live and where they come from. Policies, signing and
/// deployment stand beside it in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Where its images live.
    pub image: ImageTemplate,
    /// The environments that promotions may come from; none for one that is built into.
    pub from: Vec<EnvironmentName>,
    /// Whether it asks for typed confirmation and takes no mutable tags.
    pub protected: bool,
}

/// All environments, in the order in which promotion reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentGraph {
    environments: Vec<Environment>,
}

/// Why a set of environments is not a graph of promotion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two of the same name.
    #[error("environment `{0}` is defined twice")]
    Twice(EnvironmentName),
    /// A `from` that names nothing.
    #[error("environment `{environment}` is promoted from `{from}`, which is not defined")]
    UnknownSource {
        /// The one with the `from`.
        environment: EnvironmentName,
        /// What it names.
        from: EnvironmentName,
    },
    /// A circle of `from`.
    #[error("environment `{0}` is promoted from itself, through others")]
    Circle(EnvironmentName),
    /// No environment without a `from`: nothing could ever be built into one.
    #[error("every environment has `from`: one must receive the builds, usually dev")]
    NoEntrance,
}

impl EnvironmentGraph {
    /// Checks the environments and puts sources before what they feed, otherwise keeping the order given.
    ///
    /// # Errors
    /// See [`GraphError`].
    pub fn new(environments: Vec<Environment>) -> Result<Self, GraphError> {
        for (at, environment) in environments.iter().enumerate() {
            if environments[..at].iter().any(|e| e.name == environment.name) {
                return Err(GraphError::Twice(environment.name.clone()));
            }
            for from in &environment.from {
                if !environments.iter().any(|e| e.name == *from) {
                    return Err(GraphError::UnknownSource {
                        environment: environment.name.clone(),
                        from: from.clone(),
                    });
                }
            }
        }
        if !environments.iter().any(|e| e.from.is_empty()) {
            return Err(GraphError::NoEntrance);
        }
        let mut rest = environments;
        let mut ordered: Vec<Environment> = Vec::with_capacity(rest.len());
        while !rest.is_empty() {
            let ready = rest
                .iter()
                .position(|e| e.from.iter().all(|f| ordered.iter().any(|o| o.name == *f)));
            match ready {
                Some(at) => ordered.push(rest.remove(at)),
                None => return Err(GraphError::Circle(rest[0].name.clone())),
            }
        }
        Ok(Self {
            environments: ordered,
        })
    }

    /// All of them, sources first.
    pub fn all(&self) -> &[Environment] {
        &self.environments
    }

    /// The one of that name.
    pub fn get(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.iter().find(|e| e.name == *name)
    }

    /// The first environment that is built into.
    pub fn entrance(&self) -> &Environment {
        // `new` has seen that there is one, and an entrance is ready before all others.
        &self.environments[0]
    }

    /// The environment that releases are for, as [`production_place`] has it; the entrance where promotions reach none.
    pub fn production(&self) -> &Environment {
        reached(&self.environments)
            .nth(production_place(&self.environments))
            .unwrap_or_else(|| self.entrance())
    }

    /// Whether promotions lead from one to the other, through others or not.
    pub fn leads_to(&self, from: &EnvironmentName, to: &EnvironmentName) -> bool {
        leads_to(&self.environments, from, to)
    }

    /// The environments that a promotion from one directly to the other does not come through, in the order of the graph.
    pub fn passed_over(&self, from: &EnvironmentName, to: &EnvironmentName) -> Vec<EnvironmentName> {
        let is_between = |one: &EnvironmentName| {
            let is_usual = self.leads_to(one, to);
            is_usual && one != from && !self.leads_to(one, from)
        };
        let names = self.environments.iter().map(|environment| &environment.name);
        let direct = self.get(to).is_some_and(|to| to.from.contains(from));
        names.filter(|one| !direct && is_between(one)).cloned().collect()
    }

    /// The environments that `name` can be promoted to directly.
    pub fn targets_of<'a>(&'a self, name: &'a EnvironmentName) -> impl Iterator<Item = &'a Environment> {
        self.environments.iter().filter(move |e| e.from.contains(name))
    }
}

/// The environments of a graph that promotions reach, in its order.
pub fn reached(graph: &[Environment]) -> impl Iterator<Item = &Environment> {
    graph.iter().filter(|environment| !environment.from.is_empty())
}

/// The place of the environment that releases are for among those that promotions reach: the last protected one, or the
/// last of all.
pub fn production_place(graph: &[Environment]) -> usize {
    let all: Vec<_> = reached(graph).collect();
    let protected = all.iter().rposition(|environment| environment.protected);
    protected.unwrap_or(all.len().saturating_sub(1))
}

/// Whether promotions lead from one environment of a graph to the other, through others or not.
pub fn leads_to(graph: &[Environment], from: &EnvironmentName, to: &EnvironmentName) -> bool {
    // Sources stand before what they feed, so the walk ends.
    let to = graph.iter().find(|environment| environment.name == *to);
    to.is_some_and(|to| {
        to.from
            .iter()
            .any(|source| source == from || leads_to(graph, from, source))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, from: &[&str]) -> Environment {
        Environment {
            name: name.parse().unwrap(),
            image: format!("localhost:1/{name}/{{service}}").parse().unwrap(),
            from: from.iter().map(|f| f.parse().unwrap()).collect(),
            protected: false,
        }
    }

    #[test]
    fn orders_sources_first() {
        let graph = EnvironmentGraph::new(vec![
            environment("prod", &["stage"]),
            environment("stage", &["dev"]),
            environment("dev", &[]),
        ])
        .unwrap();
        let names: Vec<_> = graph.all().iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["dev", "stage", "prod"]);
        assert_eq!(graph.entrance().name.as_str(), "dev");
        let dev = "dev".parse().unwrap();
        assert_eq!(
            graph
                .targets_of(&dev)
                .map(|e| e.name.as_str())
                .collect::<Vec<_>>(),
            ["stage"]
        );
    }

    #[test]
    fn knows_what_a_short_way_passes_over() {
        let graph = EnvironmentGraph::new(vec![
            environment("dev", &[]),
            environment("test", &["dev"]),
            environment("stage", &["test"]),
            environment("prod", &["stage"]),
        ])
        .unwrap();
        let over = |from: &str, to: &str| {
            let over = graph.passed_over(&from.parse().unwrap(), &to.parse().unwrap());
            over.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(over("dev", "prod"), "test stage");
        assert_eq!(over("test", "prod"), "stage");
        assert_eq!(over("stage", "prod"), "");
        assert!(graph.leads_to(&"dev".parse().unwrap(), &"prod".parse().unwrap()));
        assert!(!graph.leads_to(&"prod".parse().unwrap(), &"dev".parse().unwrap()));
    }

    #[test]
    fn refuses_circles_strangers_twins_and_closed_doors() {
        let fail = |list| EnvironmentGraph::new(list).unwrap_err().to_string();
        assert!(fail(vec![environment("a", &[]), environment("a", &[])]).contains("twice"));
        assert!(fail(vec![environment("a", &["x"])]).contains("not defined"));
        assert!(
            fail(vec![environment("a", &["b"]), environment("b", &["a"])])
                .contains("every environment has `from`")
        );
        let circle = vec![
            environment("d", &[]),
            environment("a", &["b"]),
            environment("b", &["a"]),
        ];
        assert!(fail(circle).contains("from itself"));
    }
}
