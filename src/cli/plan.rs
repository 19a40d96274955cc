//! A plan on paper, and its confirmation.

use std::io::{self, BufRead as _, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Output;
use super::failure::Failure;
use super::global::Confirm;
use crate::domain::{self, Confirmation, Override, Plan, Verdict};
use crate::engine::Engine;
use crate::project::Service;

/// What a plan that deploys changes against what is deployed there, in a few lines; none for any other. What cannot be found out
/// says so: it decides nothing.
pub async fn difference(engine: &Engine, service: &Service, plan: &Plan) -> Vec<String> {
    let (Some(Some(replaced)), Some(digest)) = (plan.operation.replaces(), &plan.digest) else {
        return Vec::new();
    };
    if replaced == digest {
        return Vec::new();
    }
    let (from, to) = (replaced.to_string(), digest.to_string());
    match engine.diff(service, &from, &to).await {
        Ok(comparison) => comparison.summary(),
        Err(error) => vec![format!("could not be determined: {}", error.brief())],
    }
}

/// Writes a plan for a person, with what it changes.
pub fn print(plan: &Plan, difference: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "plan {}: {}", plan.hash(), plan.operation.title())?;
    writeln!(out, "  service  {}", plan.service)?;
    if let Some(commit) = &plan.commit {
        writeln!(out, "  commit   {commit}")?;
    }
    if let Some(digest) = &plan.digest {
        writeln!(out, "  digest   {digest}")?;
    }
    for (name, fact) in plan.operation.facts() {
        writeln!(out, "  {name:<8} {fact}")?;
    }
    if let Some(replaced) = plan.operation.replaces() {
        match replaced {
            Some(digest) if plan.digest.as_ref() == Some(digest) => {
                writeln!(out, "  replaces nothing: already deployed there")?
            }
            Some(digest) => writeln!(out, "  replaces {}", digest.short())?,
            None => writeln!(out, "  replaces nothing known")?,
        }
    }
    for (at, line) in difference.iter().enumerate() {
        let name = if at == 0 { "changes" } else { "" };
        writeln!(out, "  {name:<8} {line}")?;
    }
    if !plan.gates.is_empty() {
        writeln!(out, "gates")?;
    }
    let width = plan
        .gates
        .iter()
        .map(|gate| gate.kind.name().width())
        .max()
        .unwrap_or(0);
    for gate in &plan.gates {
        writeln!(
            out,
            "  {} {:<width$}  {}",
            symbol(&gate.verdict),
            gate.kind,
            gate.verdict.reason()
        )?;
        for note in gate.notes.iter().chain(&gate.way_out.as_ref().map(way_out)) {
            writeln!(out, "             · {note}")?;
        }
    }
    writeln!(out, "steps")?;
    for (at, step) in plan.steps.iter().enumerate() {
        writeln!(out, "  {}. {:<8} {}", at + 1, step.kind, step.title)?;
    }
    if plan.costs.requests > 0 {
        let size = domain::bytes(plan.costs.bytes);
        writeln!(
            out,
            "costs about {}, {size}",
            domain::count(
                usize::try_from(plan.costs.requests).unwrap_or(usize::MAX),
                "request"
            )
        )?;
    }
    Ok(())
}

/// The option that asks for what a gate would let pass.
fn way_out(way_out: &Override) -> String {
    match way_out {
        Override::Reason => "give a --reason to override it".to_owned(),
        Override::LeaveOut => {
            "leave it out by giving --into with the other branches; it stays outstanding".to_owned()
        }
        Override::AcceptFindings => {
            "in an emergency, override it with --accept-findings; a review is due afterwards".to_owned()
        }
        Override::TakeLock => "break it with --held".to_owned(),
        Override::Unpin { environment } => format!("lift it with `windlass unpin {environment}`"),
    }
}

/// The symbol of a verdict; the word follows in the reason or beside it.
pub const fn symbol(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed(_) => "✓ allowed",
        Verdict::Refused(_) => "✗ refused",
        Verdict::Unknown(_) => "? unknown",
    }
}

/// Whether to go on with `plan`: by the arguments, or by asking the person. `Ok(false)` is a person who said no.
pub async fn confirm(
    engine: &Engine,
    service: &Service,
    plan: &Plan,
    confirm: &Confirm,
    io: &mut Output,
) -> Result<bool, Failure> {
    let hash = plan.hash();
    if let Some(expected) = &confirm.plan {
        if expected == hash.as_str() {
            return Ok(true);
        }
        return Err(Failure {
            exit: domain::Exit::Conflict,
            hint: Some("review the current plan with --dry-run, then confirm its hash".into()),
            report: color_eyre::eyre::eyre!(
                "the plan changed: its hash is {hash}, not {expected}; its digest, steps or verdicts are different \
                 now"
            ),
        });
    }
    let wanted = match &plan.confirmation {
        Confirmation::Plain if confirm.yes => return Ok(true),
        Confirmation::Plain => None,
        Confirmation::Typed(_) if confirm.yes => {
            return Err(Failure::usage(
                format!(
                    "--yes cannot confirm {}: the environment is protected",
                    plan.operation.title()
                ),
                format!("review the plan with --dry-run, then confirm exactly that plan with --plan {hash}"),
            ));
        }
        Confirmation::Typed(text) => Some(text),
    };
    if !io.can_ask() {
        return Err(Failure::usage(
            "cannot ask for confirmation: not running in a terminal",
            format!("confirm this plan with --plan {hash}, or review it first with --dry-run"),
        ));
    }
    print(plan, &difference(engine, service, plan).await, &mut io.err)?;
    Ok(match wanted {
        None => agrees(io)?,
        Some(text) => ask(&format!("To continue, type `{text}`: "), io)? == *text,
    })
}

/// Whether the person wants to go on.
pub fn agrees(io: &mut Output) -> io::Result<bool> {
    ask_yes_or_no("Continue? [y/N] ", io)
}

/// Asks the person; all but a plain yes is a no.
pub fn ask_yes_or_no(question: &str, io: &mut Output) -> io::Result<bool> {
    Ok(matches!(ask(question, io)?.as_str(), "y" | "Y" | "yes"))
}

fn ask(question: &str, io: &mut Output) -> io::Result<String> {
    write!(io.err, "{question}")?;
    io.err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
