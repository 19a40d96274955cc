//! The environments of a service, as releases and promotions see them.

use crate::domain::Environment;

/// The environments of a graph that promotions reach.
pub fn reached(graph: &[Environment]) -> impl Iterator<Item = &Environment> {
    graph.iter().filter(|environment| !environment.from.is_empty())
}

/// The place of the environment that releases are for among those that promotions reach: the last protected one, or the
/// last of all.
pub fn production(graph: &[Environment]) -> usize {
    let all: Vec<_> = reached(graph).collect();
    let protected = all.iter().rposition(|environment| environment.protected);
    protected.unwrap_or(all.len().saturating_sub(1))
}
