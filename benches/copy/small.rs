//! An image of 2 platforms × 6 layers of 1 MiB: its requests, and its time where each request takes 100 ms longer.

use std::time::Duration;

use crate::Result;
use crate::ground::{Ground, Proxies};
use crate::image::{Blob, Shelf};
use crate::table::{Row, Samples, Table, Unit};
use crate::tools::{self, Tool};

const LAYERS: usize = 6;
const LAYER: usize = 1 << 20;
const DELAY: Duration = Duration::from_millis(100);

/// How many requests each tool needs, with nothing there, on one registry, and with everything there.
pub async fn requests(ground: &Ground) -> Result<Table> {
    push(ground).await?;
    let proxies = ground.proxies().await;
    let mut cold = vec![Samples::default(); tools::ALL.len()];
    let mut within = cold.clone();
    let mut again = cold.clone();
    for turn in 0..ground.repetitions {
        for (at, tool) in tools::in_turn(&tools::ALL, turn) {
            ground.tools.forget()?;
            let name = format!("requests/{}/{turn}:v1", folder(tool));
            for (samples, host) in [
                (&mut cold[at], proxies.target.host()),
                (&mut again[at], proxies.target.host()),
                (&mut within[at], proxies.source.host()),
            ] {
                proxies.forget();
                ground
                    .run(
                        ground
                            .tools
                            .copy(tool, &source(&proxies), &format!("{host}/{name}")),
                    )
                    .await?;
                samples.0.push(proxies.count());
            }
        }
    }
    let row = |what: &str, target: &str, cells| Row {
        what: what.to_owned(),
        unit: Unit::Requests,
        target: target.to_owned(),
        cells,
    };
    Ok(Table {
        title: "One image of 2 platforms × 6 layers of 1 MiB".to_owned(),
        columns: columns(ground)?,
        rows: vec![
            row("two registries, cold", "≤ 49", cold),
            row("same registry, another repository", "≤ 21", within),
            row("again, nothing to do", "≤ 4", again),
        ],
    })
}

/// How long each tool takes where the registries are far away.
pub async fn delayed(ground: &Ground) -> Result<Table> {
    push(ground).await?;
    let proxies = ground.proxies().await;
    proxies.delay(DELAY);
    let mut cold = vec![Samples::default(); tools::ALL.len()];
    let mut again = cold.clone();
    for turn in 0..ground.repetitions {
        for (at, tool) in tools::in_turn(&tools::ALL, turn) {
            ground.tools.forget()?;
            let target = format!("{}/delayed/{}/{turn}:v1", proxies.target.host(), folder(tool));
            for samples in [&mut cold[at], &mut again[at]] {
                let run = ground
                    .run(ground.tools.copy(tool, &source(&proxies), &target))
                    .await?;
                samples.0.push(run.wall.as_secs_f64());
            }
        }
    }
    let row = |what: &str, target: &str, cells| Row {
        what: what.to_owned(),
        unit: Unit::Seconds,
        target: target.to_owned(),
        cells,
    };
    Ok(Table {
        title: "The same, with 100 ms added to each request".to_owned(),
        columns: columns(ground)?,
        rows: vec![
            row("two registries, cold", "≤ 0.9", cold),
            row("again, nothing to do", "", again),
        ],
    })
}

async fn push(ground: &Ground) -> Result<()> {
    let layers = || (0..LAYERS).map(|_| Blob::layer(LAYER)).collect();
    let shelf = Shelf::new(&ground.client, &ground.source.host, "small");
    shelf
        .index("v1", &[("amd64", layers()), ("arm64", layers())])
        .await
}

fn source(proxies: &Proxies) -> String {
    format!("{}/small:v1", proxies.source.host())
}

/// The part of a repository's name that belongs to the tool.
fn folder(tool: Tool) -> String {
    format!("{tool:?}").to_lowercase()
}

fn columns(ground: &Ground) -> Result<Vec<String>> {
    tools::ALL
        .into_iter()
        .map(|tool| ground.tools.column(tool))
        .collect()
}
