//! Metrics as operators meet them: what processes export, and what expressions over them name.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::System;
use crate::process::PATIENCE;

/// Between two looks at the metrics.
const POLL: Duration = Duration::from_millis(50);

type Labels = BTreeMap<String, String>;

/// What all processes of a system export.
#[derive(Debug, Default)]
pub struct Exported {
    families: BTreeMap<String, Family>,
}

#[derive(Debug, Default)]
struct Family {
    kind: String,
    series: Vec<Labels>,
}

/// What the processes of a system have counted under one name and labels, such as `x_total{label="y"}`.
pub async fn total(system: &System, series: &str) -> f64 {
    let mut total = 0.0;
    for process in &system.processes {
        let said = process.operators("/metrics").await;
        let values = said.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        total += values.filter_map(|value| value.parse::<f64>().ok()).sum::<f64>();
    }
    total
}

/// Waits until the processes have counted so much.
pub async fn until_total(system: &System, series: &str, at_least: f64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let total = total(system, series).await;
        if total >= at_least {
            return;
        }
        assert!(Instant::now() < deadline, "{series} is {total}, not {at_least}");
        sleep(POLL).await;
    }
}

/// A metric by its name, type and labels.
pub type Described = (String, String, BTreeSet<String>);

/// A metric that an expression names, with the values that its labels must have; of several one each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    pub name: String,
    pub values: Vec<(String, String)>,
}

impl Exported {
    pub async fn by(system: &System) -> Self {
        let mut exported = Self::default();
        for process in &system.processes {
            exported.read(&process.operators("/metrics").await);
        }
        exported
    }

    /// Adds what a process says, in Prometheus's text format.
    fn read(&mut self, text: &str) {
        let mut name = "";
        for line in text.lines() {
            if let Some((family, kind)) = line.strip_prefix("# TYPE ").and_then(|said| said.split_once(' ')) {
                name = family;
                kind.clone_into(&mut self.families.entry(family.to_owned()).or_default().kind);
            } else if let Some(family) = self.families.get_mut(name).filter(|_| !line.starts_with('#')) {
                family.series.push(labels(line));
            }
        }
    }

    /// The metrics whose names begin so.
    pub fn described(&self, prefix: &str) -> BTreeSet<Described> {
        let of_prefix = self.families.iter().filter(|(name, _)| name.starts_with(prefix));
        of_prefix
            .map(|(name, family)| {
                let labels = family.series.iter().flat_map(Labels::keys).filter(|label| *label != "le");
                (name.clone(), family.kind.clone(), labels.cloned().collect())
            })
            .collect()
    }

    /// Whether there is a series for each value that the selector asks for.
    pub fn has(&self, selector: &Selector) -> bool {
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| selector.name.strip_suffix(end));
        let histogram = stem.and_then(|stem| self.families.get(stem)).filter(|f| f.kind == "histogram");
        let Some(family) = histogram.or_else(|| self.families.get(&selector.name)) else { return false };
        let is_there = |label: &String, value: &String| {
            family.series.iter().any(|labels| labels.get(label).is_some_and(|has| has == value))
        };
        !family.series.is_empty() && selector.values.iter().all(|(label, value)| is_there(label, value))
    }
}

/// Labels of a line `name{label="value",…} number`; no value has a quote in it.
fn labels(line: &str) -> Labels {
    let Some((_, rest)) = line.split_once('{') else { return Labels::new() };
    let parts: Vec<&str> = rest.split('"').collect();
    let pairs = parts.chunks_exact(2);
    pairs.map(|pair| (pair[0].trim_matches([',', '=']).to_owned(), pair[1].to_owned())).collect()
}

/// What an expression, or a text with expressions in it, names of the system's own metrics and of its
/// processes'.
pub fn selectors(text: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_name) {
        let end = rest[start..].find(|c| !is_of_name(c)).map_or(rest.len(), |length| start + length);
        let name = &rest[start..end];
        rest = &rest[end..];
        // A name with a colon is one of ours, recorded.
        let is_metric = name.starts_with("musclemap_") || name.starts_with("process_");
        if is_metric && !name.contains(':') {
            let asked = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            found.push(Selector {
                name: name.to_owned(),
                values: asked.map_or(vec![], |(inner, _)| values(inner)),
            });
        }
    }
    found
}

/// Names of recorded metrics in a text, `level:metric:operation`.
pub fn recorded(text: &str) -> BTreeSet<&str> {
    text.split(|c| !is_of_name(c)).filter(|name| name.contains(":musclemap_")).collect()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// The values that matchers ask for; what they exclude need not be there.
fn values(matchers: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = matchers.split('"').collect();
    let positive = parts.chunks_exact(2).filter(|pair| !pair[0].contains('!'));
    positive
        .flat_map(|pair| {
            let label = pair[0].trim_matches([',', ' ', '=', '~']);
            pair[1].split('|').map(|value| (label.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(name: &str, values: &[(&str, &str)]) -> Selector {
        let values = values.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
        Selector { name: name.to_owned(), values: values.collect() }
    }

    #[test]
    fn expressions_name_metrics_and_the_values_they_need() {
        let text = r#"expr: sum by (role) (rate(musclemap_a_total{role=~"x|y", code!="ok",z="1"}[5m]))
            / role:musclemap_b:max + process_c"#;
        assert_eq!(
            selectors(text),
            [
                selector("musclemap_a_total", &[("role", "x"), ("role", "y"), ("z", "1")]),
                selector("process_c", &[])
            ]
        );
        assert_eq!(recorded(text), BTreeSet::from(["role:musclemap_b:max"]));
    }

    #[test]
    fn series_are_found_by_their_values() {
        let mut exported = Exported::default();
        exported.read(
            "# HELP musclemap_h h\n# TYPE musclemap_h histogram\nmusclemap_h_bucket{stage=\"a\",le=\"+Inf\"} 1\n\
             musclemap_h_sum{stage=\"a\"} 1\n# HELP musclemap_g g\n# TYPE musclemap_g gauge\nmusclemap_g 0\n",
        );
        assert!(exported.has(&selector("musclemap_h_bucket", &[("stage", "a")])));
        assert!(exported.has(&selector("musclemap_g", &[])));
        for (name, values) in [
            ("musclemap_h_bucket", vec![("stage", "b")]),
            ("musclemap_h", vec![("other", "a")]),
            ("musclemap_g_count", vec![]),
            ("musclemap_i", vec![]),
        ] {
            assert!(!exported.has(&selector(name, &values)), "{name} {values:?}");
        }
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(
            exported.described("musclemap_"),
            BTreeSet::from([
                ("musclemap_g".to_owned(), "gauge".to_owned(), labels(&[])),
                ("musclemap_h".to_owned(), "histogram".to_owned(), labels(&["stage"])),
            ])
        );
    }
}
