//! `windlass approve CANDIDATE --to ENVIRONMENT`.

use super::args::ApproveArgs;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::pin::environment;
use crate::cli::world::World;
use crate::cli::{Output, operation};
use crate::domain::{Exit, NameError, RoleName};
use crate::engine::ApproveRequest;

/// Plans, asks and signs the approval.
pub(super) async fn run(args: ApproveArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let request = ApproveRequest {
        candidate: args.candidate.unwrap_or_default(),
        to: environment(args.to.as_deref().unwrap_or_default())?,
        from: args.from.as_deref().map(environment).transpose()?,
        role: args.role.as_deref().map(role).transpose()?,
        reason: args.reason,
        expires: args.expires,
        key: args.key,
    };
    operation::run(&world, &request.into(), &args.confirm, args.json, global, io).await
}

fn role(name: &str) -> Result<RoleName, Failure> {
    name.parse().map_err(|error: NameError| {
        Failure::usage(
            error.to_string(),
            "the roles are those of `gate.approvals` in windlass.toml",
        )
    })
}
