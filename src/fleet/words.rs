//! A fleet in words, the same for the command line and the console: always a symbol and a word.

use jiff::Timestamp;

use super::{Fleet, Outstanding, ServiceStatus};
use crate::board::{Cell, DeployedImage, EnvironmentNow};
use crate::domain::{EnvironmentName, age};

/// What is deployed in an environment, and how what runs differs: `v1.4.0 3d`, `sha-2b2e927 5h`, `✗ drift v1.4.0`, `– none`,
/// `? unknown`.
pub fn deployed(there: &EnvironmentNow, now: Timestamp) -> String {
    let deployed = by_record(there, now);
    match &there.running {
        _ if there.has_loud_drift() => format!("✗ drift {deployed}"),
        Cell::Failed(_) if there.deployed.failure().is_none() => format!("{deployed} ? running"),
        _ if there.is_unhealthy() => format!("{deployed} ! not healthy"),
        _ => deployed,
    }
}

fn by_record(there: &EnvironmentNow, now: Timestamp) -> String {
    match &there.deployed {
        Cell::Loading => "…".to_owned(),
        Cell::None(_) => "– none".to_owned(),
        Cell::Failed(_) => "? unknown".to_owned(),
        Cell::Ready(deployed) => version(deployed, now),
        Cell::Stale(deployed) => format!("~ {}", version(deployed, now)),
    }
}

fn version(deployed: &DeployedImage, now: Timestamp) -> String {
    let name = deployed
        .release
        .clone()
        .or_else(|| deployed.short.as_ref().map(|short| format!("sha-{short}")))
        .unwrap_or_else(|| deployed.digest.short());
    let signature = match deployed.signed {
        Cell::Ready(false) => " ! not signed",
        Cell::Failed(_) => " ? signature",
        _ => "",
    };
    let since = deployed.since.map(|since| now.as_second() - since.as_second());
    let since = since.map_or_else(String::new, |seconds| format!(" {}", age(seconds)));
    format!("{name}{since}{signature}")
}

/// What is outstanding: `✓ none`, `! 2 of 3 open`, `? unknown`.
pub fn outstanding(cell: &Cell<Outstanding>) -> String {
    match cell {
        Cell::Loading => "…".to_owned(),
        Cell::None(why) => format!("– {why}"),
        Cell::Failed(_) => "? unknown".to_owned(),
        Cell::Ready(outstanding) => words(*outstanding),
        Cell::Stale(outstanding) => format!("~ {}", words(*outstanding)),
    }
}

fn words(outstanding: Outstanding) -> String {
    let Outstanding { open, work, unknown } = outstanding;
    if open == 0 {
        return "✓ none".to_owned();
    }
    let unknown = match unknown {
        0 => String::new(),
        unknown => format!(", {unknown} unknown"),
    };
    match work - outstanding.unknown.min(work) {
        0 if unknown.is_empty() => format!("✓ {open} open"),
        work => format!("! {open} open, {work} to do{unknown}"),
    }
}

/// The columns of a table: the environments of all services, each once, so that every service finds its own in their order.
pub fn columns<'s>(all: impl IntoIterator<Item = &'s ServiceStatus>) -> Vec<EnvironmentName> {
    let mut columns: Vec<EnvironmentName> = Vec::new();
    for status in all {
        let mut at = 0;
        for there in &status.environments {
            let known = columns.iter().position(|known| *known == there.environment);
            at = known.unwrap_or_else(|| {
                columns.insert(at, there.environment.clone());
                at
            }) + 1;
        }
    }
    columns
}

impl ServiceStatus {
    /// `payments/payment-svc`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.project, self.service)
    }

    /// What is deployed in `environment`; none if its project has no such environment.
    pub fn in_environment(&self, environment: &EnvironmentName) -> Option<&EnvironmentNow> {
        self.environments
            .iter()
            .find(|there| there.environment == *environment)
    }
}

impl Fleet {
    /// What is wrong with whole projects, a line each, with what to do.
    pub fn troubles(&self) -> Vec<(String, Option<String>)> {
        let troubles = self
            .members()
            .iter()
            .filter_map(|member| match (&member.engine, &member.stale) {
                (Err(error), _) => Some((format!("✗ {}: {error}", member.name), error.hint())),
                (Ok(_), Some(why)) => {
                    Some((format!("~ {} is shown as last fetched: {why}", member.name), None))
                }
                (Ok(_), None) => None,
            });
        troubles.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(environments: &[&str]) -> ServiceStatus {
        let environments = environments
            .iter()
            .map(|name| EnvironmentNow::unknown(name.parse().unwrap(), false));
        ServiceStatus {
            project: "shop".parse().unwrap(),
            service: "web".parse().unwrap(),
            environments: environments.collect(),
            outstanding: Cell::Loading,
        }
    }

    #[test]
    fn every_service_finds_its_environments_in_their_order() {
        let all = [
            status(&["dev", "stage", "prod"]),
            status(&["dev", "qa", "stage", "prod"]),
            status(&["dev", "prod", "prod-eu"]),
        ];
        let columns: Vec<_> = columns(&all).iter().map(ToString::to_string).collect();
        assert_eq!(columns, ["dev", "qa", "stage", "prod", "prod-eu"]);
    }

    #[test]
    fn outstanding_work_that_is_unknown_is_never_none() {
        let of = |open, work, unknown| outstanding(&Cell::Ready(Outstanding { open, work, unknown }));
        assert_eq!(of(0, 0, 0), "✓ none");
        assert_eq!(of(2, 0, 0), "✓ 2 open");
        assert_eq!(of(2, 3, 0), "! 2 open, 3 to do");
        assert_eq!(of(1, 1, 1), "! 1 open, 0 to do, 1 unknown");
        assert_eq!(outstanding(&Cell::Failed("no answer".into())), "? unknown");
    }
}
