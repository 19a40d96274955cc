//! Samples, and the tables they are shown in: Markdown, as the README has them.

use std::fmt;

/// What a number is, and whether more of it is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A count of requests.
    Requests,
    /// Seconds.
    Seconds,
    /// Megabytes (of 10⁶ bytes) in a second.
    Throughput,
    /// Megabytes (of 10⁶ bytes).
    Megabytes,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Seconds => "s",
            Self::Throughput => "MB/s",
            Self::Megabytes => "MB",
        }
    }
}

/// What was measured of one tool; none where it could not do the work.
#[derive(Clone, Default)]
pub struct Samples(pub Vec<f64>);

impl Samples {
    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            n if n % 2 == 0 => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
            _ => Some(sorted[middle]),
        }
    }

    /// The median, with the least and the most where they differ in print.
    fn show(&self, unit: Unit) -> String {
        let Some(median) = self.median() else {
            return "–".to_owned();
        };
        let least = unit.show(self.0.iter().copied().fold(f64::INFINITY, f64::min));
        let most = unit.show(self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let median = unit.show(median);
        if least == most {
            median
        } else {
            format!("{median} ({least}–{most})")
        }
    }
}

/// One thing that was measured: a line of a table, the first cell of which is windlass.
pub struct Row {
    /// What was done.
    pub what: String,
    /// What was counted.
    pub unit: Unit,
    /// The target, or nothing.
    pub target: String,
    /// A cell for each column.
    pub cells: Vec<Samples>,
}

/// Rows under one heading.
pub struct Table {
    /// What the rows have in common.
    pub title: String,
    /// The tools; windlass comes first, and the ratios are to it.
    pub columns: Vec<String>,
    /// What was measured.
    pub rows: Vec<Row>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}\n", self.title)?;
        writeln!(f, "| | target | {} |", self.columns.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(self.columns.len()))?;
        for row in &self.rows {
            write!(f, "| {}, {} | {} |", row.what, row.unit.name(), row.target)?;
            let ours = row.cells.first().and_then(Samples::median);
            for (at, cell) in row.cells.iter().enumerate() {
                write!(f, " {}", cell.show(row.unit))?;
                if let (Some(ours), Some(theirs), true) = (ours, cell.median(), at > 0)
                    && theirs > 0.0
                {
                    write!(f, " **{:.2}×**", ours / theirs)?;
                }
                write!(f, " |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
