//! What benchmarks have found: a line for people and one of JSON each, and which bars were missed.

use anyhow::{Result, bail};
use serde_json::{Value, json};

/// A figure that should not be above its bar.
#[derive(Debug, Clone)]
pub struct Bar {
    pub what: &'static str,
    pub value: f64,
    pub most: f64,
}

impl Bar {
    fn holds(&self) -> bool {
        self.value <= self.most
    }
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub bench: &'static str,
    pub text: String,
    /// An object.
    pub figures: Value,
    pub bars: Vec<Bar>,
}

impl Finding {
    fn line(&self) -> String {
        let bars = self.bars.iter().map(|Bar { what, value, most }| {
            let verdict = if value <= most { "holds" } else { "missed" };
            format!("; {what} {value:.2}, bar {most}: {verdict}")
        });
        format!("{}: {}{}", self.bench, self.text, bars.collect::<String>())
    }

    fn json(&self) -> Value {
        let mut line = json!({ "bench": self.bench });
        let bars = self.bars.iter().map(
            |bar| json!({ "what": bar.what, "value": bar.value, "most": bar.most, "holds": bar.holds() }),
        );
        let bars: Vec<Value> = bars.collect();
        if let (Some(line), Some(figures)) = (line.as_object_mut(), self.figures.as_object()) {
            line.extend(figures.clone());
            line.insert("bars".to_owned(), Value::from(bars));
        }
        line
    }
}

/// Everything that was found in this run, in its order.
#[derive(Default)]
pub struct Report {
    pub lines: Vec<String>,
    missed: Vec<String>,
}

impl Report {
    /// Tells a finding.
    pub fn say(&mut self, finding: &Finding) {
        let line = finding.line();
        println!("{line}\n{}", finding.json());
        self.lines.push(line);
        let missed = finding.bars.iter().filter(|bar| !bar.holds());
        self.missed.extend(missed.map(|bar| format!("{}: {}", finding.bench, bar.what)));
    }

    /// An error if a bar was missed.
    pub fn insist(&self) -> Result<()> {
        if self.missed.is_empty() { Ok(()) } else { bail!("above the bar: {}", self.missed.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(value: f64) -> Finding {
        let bars = vec![Bar { what: "ratio", value, most: 1.2 }];
        Finding { bench: "fanout", text: "10 sockets".to_owned(), figures: json!({ "sockets": 10 }), bars }
    }

    #[test]
    fn a_finding_says_whether_its_bars_hold() {
        assert_eq!(finding(1.2).line(), "fanout: 10 sockets; ratio 1.20, bar 1.2: holds");
        assert_eq!(finding(1.3).line(), "fanout: 10 sockets; ratio 1.30, bar 1.2: missed");
        let bar = json!({ "what": "ratio", "value": 1.3, "most": 1.2, "holds": false });
        assert_eq!(finding(1.3).json(), json!({ "bench": "fanout", "sockets": 10, "bars": [bar] }));
    }

    #[test]
    fn one_missed_bar_is_enough() {
        let mut report = Report::default();
        report.say(&finding(1.0));
        assert!(report.insist().is_ok());
        report.say(&finding(f64::NAN));
        assert_eq!(report.insist().unwrap_err().to_string(), "above the bar: fanout: ratio");
        assert_eq!(report.lines.len(), 2);
    }
}
