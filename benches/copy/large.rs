//! Large layers: how fast they go through, and how much memory that takes.

use std::process::Command;

use crate::Result;
use crate::ground::Ground;
use crate::image::{Blob, Shelf};
use crate::process::Run;
use crate::synthetic::Synthetic;
use crate::table::{Row, Samples, Table, Unit};
use crate::tools::{self, Tool};

const GIB: u64 = 1 << 30;
const MEGABYTE: f64 = 1e6;

/// 1 GiB in 4 layers between two registries on disk, then from a registry that makes it up to one that keeps nothing:
/// the first is what one sees, the second tells the tools apart. With `huge`, also 16 layers of 1 GiB of the second kind.
pub async fn layers(ground: &Ground, huge: bool) -> Result<Vec<Table>> {
    let mut tables = vec![
        kept(ground).await?,
        made_up(ground, 4, GIB / 4, &tools::BULK, ground.repetitions).await?,
    ];
    if huge {
        tables.push(made_up(ground, 16, GIB, &[Tool::Windlass, Tool::Crane], 1).await?);
    }
    Ok(tables)
}

async fn kept(ground: &Ground) -> Result<Table> {
    let size = usize::try_from(GIB / 4)?;
    let layers: Vec<Blob> =
        tokio::task::spawn_blocking(move || (0..4).map(|_| Blob::layer(size)).collect()).await?;
    Shelf::new(&ground.client, &ground.source.host, "large")
        .image("v1", &layers)
        .await?;
    drop(layers);
    let source = format!("{}/large:v1", ground.source.host);
    let title = "1 GiB in 4 layers, two registries on disk";
    measure(
        ground,
        title,
        GIB,
        &tools::BULK,
        ground.repetitions,
        &source,
        &ground.target.host,
    )
    .await
}

async fn made_up(ground: &Ground, count: u8, size: u64, tools: &[Tool], repetitions: usize) -> Result<Table> {
    let origin = Synthetic::start().await?;
    let sink = Synthetic::start().await?;
    origin.image("large", "v1", count, size).await?;
    let source = format!("{}/large:v1", origin.host());
    let bytes = u64::from(count) * size;
    let title = format!(
        "{} GiB in {count} layers, made up by the source, hashed and dropped by the target",
        bytes / GIB
    );
    measure(ground, &title, bytes, tools, repetitions, &source, sink.host()).await
}

async fn measure(
    ground: &Ground,
    title: &str,
    bytes: u64,
    tools: &[Tool],
    repetitions: usize,
    source: &str,
    target: &str,
) -> Result<Table> {
    let mut speed = vec![Samples::default(); tools.len()];
    let mut memory = speed.clone();
    let mut work = speed.clone();
    for turn in 0..repetitions {
        for (at, tool) in tools::in_turn(tools, turn) {
            ground.tools.forget()?;
            // What the one before has left to be written is not for this one to wait for.
            ground.run(Command::new("sync")).await?;
            let name = format!("{target}/large/{}/{turn}:v1", format!("{tool:?}").to_lowercase());
            let Run { wall, busy, peak } = ground.run(ground.tools.copy(tool, source, &name)).await?;
            speed[at].0.push(megabytes(bytes) / wall.as_secs_f64());
            work[at].0.push(busy.as_secs_f64());
            memory[at].0.push(megabytes(peak));
        }
    }
    let row = |what: &str, unit, target: &str, cells| Row {
        what: what.to_owned(),
        unit,
        target: target.to_owned(),
        cells,
    };
    Ok(Table {
        title: title.to_owned(),
        columns: tools
            .iter()
            .map(|tool| ground.tools.column(*tool))
            .collect::<Result<_>>()?,
        rows: vec![
            row("throughput", Unit::Throughput, "≥ 1.2× crane", speed),
            row("processor time", Unit::Seconds, "", work),
            row("peak memory", Unit::Megabytes, "≤ 64", memory),
        ],
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2⁵²")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}
