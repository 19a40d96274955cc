//! A set of 100 images that share five of their six layers, as 100 repositories and as 100 tags of one.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::Result;
use crate::ground::Ground;
use crate::image::{Blob, Shelf};
use crate::table::{Row, Samples, Table, Unit};

const IMAGES: usize = 100;
const SHARED: usize = 5;
const SHARED_LAYER: usize = 1 << 20;
const OWN_LAYER: usize = 256 << 10;
/// regsync copies one image at a time unless it is told to; both are shown.
const AT_A_TIME: [usize; 2] = [1, 8];

/// How the images are told apart.
#[derive(Clone, Copy)]
enum Shape {
    Repositories,
    Tags,
}

/// Requests, time and bytes for both shapes.
pub async fn images(ground: &Ground) -> Result<Vec<Table>> {
    let shared: Vec<Blob> = (0..SHARED).map(|_| Blob::layer(SHARED_LAYER)).collect();
    let mut tables = Vec::new();
    for shape in [Shape::Repositories, Shape::Tags] {
        for at in 0..IMAGES {
            let (repository, tag) = shape.name("set", at);
            let mut layers = shared.clone();
            layers.push(Blob::layer(OWN_LAYER));
            Shelf::new(&ground.client, &ground.source.host, &repository)
                .image(&tag, &layers)
                .await?;
        }
        tables.push(measure(ground, shape).await?);
    }
    Ok(tables)
}

async fn measure(ground: &Ground, shape: Shape) -> Result<Table> {
    let columns = 1 + AT_A_TIME.len();
    let [mut requests, mut moved, mut seconds] = [(); 3].map(|()| vec![Samples::default(); columns]);
    let proxies = ground.proxies().await;
    for turn in 0..ground.repetitions {
        for column in (0..columns).map(|at| (at + turn) % columns) {
            let into = format!("set/{column}/counted/{turn}");
            let command = command(
                ground,
                shape,
                column,
                &proxies.source.host(),
                &proxies.target.host(),
                &into,
            )?;
            proxies.forget();
            ground.run(command).await?;
            moved[column].0.push(megabytes(proxies.source.traffic().down));
            requests[column].0.push(proxies.count());

            let into = format!("set/{column}/timed/{turn}");
            let command = command_between_registries(ground, shape, column, &into)?;
            seconds[column]
                .0
                .push(ground.run(command).await?.wall.as_secs_f64());
        }
    }
    let row = |what: &str, unit, target: &str, cells| Row {
        what: what.to_owned(),
        unit,
        target: target.to_owned(),
        cells,
    };
    let version = ground.tools.module("regsync")?;
    let mut names = vec!["windlass".to_owned()];
    names.extend(AT_A_TIME.map(|images| format!("regsync {version}, {images} at a time")));
    let all = megabytes((SHARED * SHARED_LAYER + IMAGES * OWN_LAYER) as u64);
    Ok(Table {
        title: format!(
            "{IMAGES} images that share {SHARED} of 6 layers, {}",
            shape.describe()
        ),
        columns: names,
        rows: vec![
            row("copied", Unit::Requests, "≤ 0.6× regsync", requests),
            row("copied", Unit::Seconds, "≤ 0.7× regsync", seconds),
            row(
                "read from the source",
                Unit::Megabytes,
                &format!("{all:.0} are the layers, once"),
                moved,
            ),
        ],
    })
}

fn command_between_registries(ground: &Ground, shape: Shape, column: usize, into: &str) -> Result<Command> {
    command(
        ground,
        shape,
        column,
        &ground.source.host,
        &ground.target.host,
        into,
    )
}

/// What copies the set to the folder `into` of the target: windlass is the first column.
fn command(
    ground: &Ground,
    shape: Shape,
    column: usize,
    source: &str,
    target: &str,
    into: &str,
) -> Result<Command> {
    let pairs: Vec<_> = (0..IMAGES)
        .map(|at| {
            let (from, to) = (shape.name("set", at), shape.name(into, at));
            (
                format!("{source}/{}:{}", from.0, from.1),
                format!("{target}/{}:{}", to.0, to.1),
            )
        })
        .collect();
    let mut text = String::new();
    let Some(at_a_time) = column.checked_sub(1).map(|at| AT_A_TIME[at]) else {
        for (from, to) in pairs {
            writeln!(text, "{from} {to}")?;
        }
        let list = ground.file("set.list");
        fs::write(&list, text)?;
        return Ok(ground.tools.windlass_list(&list));
    };
    writeln!(text, "version: 1\ndefaults: {{ parallel: {at_a_time} }}\ncreds:")?;
    for host in [source, target] {
        writeln!(text, "  - {{ registry: \"{host}\", tls: disabled }}")?;
    }
    writeln!(text, "sync:")?;
    for (from, to) in pairs {
        writeln!(
            text,
            "  - {{ source: \"{from}\", target: \"{to}\", type: image }}"
        )?;
    }
    let configuration = ground.file("set.yml");
    fs::write(&configuration, text)?;
    let mut command = ground.tools.command("regsync");
    command.args(["once", "-v", "error", "-c"]).arg(configuration);
    Ok(command)
}

impl Shape {
    /// The repository and the tag of the image with that number.
    fn name(self, folder: &str, at: usize) -> (String, String) {
        match self {
            Self::Repositories => (format!("{folder}/app-{at:03}"), "v1".to_owned()),
            Self::Tags => (format!("{folder}/app"), format!("v{at:03}")),
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Repositories => "each a repository",
            Self::Tags => "each a tag of one repository",
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2⁵²")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
