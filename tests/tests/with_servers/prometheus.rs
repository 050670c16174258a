//! What Prometheus and Grafana are given, as promtool understands it: rules do what they say, the
//! dashboard's expressions can be evaluated, targets are where processes are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

use musclemap_tests::metrics::recorded;
use serde_json::Value;

use crate::python::run;

const PROMETHEUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus");
const CONFIG: &str = include_str!("../../../deploy/prometheus/prometheus.yml");
const RULES: &str = include_str!("../../../deploy/prometheus/rules.yml");
const RULES_TEST: &str = include_str!("../../../deploy/prometheus/rules_test.yml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/messaging.json");
const STACK: &str = include_str!("../../../deploy/stack");

/// The first call fetches promtool, which takes some seconds.
fn promtool(arguments: &[&str]) -> String {
    run(Command::new(format!("{PROMETHEUS}/promtool")).args(arguments).current_dir(PROMETHEUS))
}

/// What stands behind a key, in the lines that have it.
fn all<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(key)).map(str::trim).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).expect("JSON")
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().expect("panels").iter()
}

fn expressions(dashboard: &Value) -> Vec<&str> {
    let targets = panels(dashboard).filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().expect("an expression")).collect()
}

#[test]
fn alerts_speak_when_they_should_and_only_then() {
    promtool(&["check", "config", "--lint=all", "--lint-fatal", "prometheus.yml"]);
    promtool(&["test", "rules", "rules_test.yml"]);
    let alerts = all(RULES, "- alert: ");
    assert!(alerts.len() > 10);
    for alert in alerts {
        let speaks = format!("alertname: {alert}\n        exp_alerts:");
        assert!(RULES_TEST.contains(&speaks), "no test hears {alert}");
    }
    let defined: BTreeSet<&str> = all(RULES, "- record: ").into_iter().collect();
    assert_eq!(recorded(RULES), defined);
}

#[test]
fn the_dashboard_can_be_imported_and_evaluated() {
    let dashboard = dashboard();
    let expressions = expressions(&dashboard);
    assert!(expressions.len() > 20);
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for (number, expression) in expressions.iter().enumerate() {
        let expression = expression.replace("$__rate_interval", "1m");
        assert!(!expression.contains('$'), "{expression}: a variable that is not known here");
        let _ = writeln!(rules, "      - record: panel:{number}\n        expr: '{expression}'");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.yml");
    std::fs::write(&file, rules).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()]);

    let variables: Vec<&Value> = dashboard["templating"]["list"].as_array().unwrap().iter().collect();
    assert!(matches!(variables[..], [only] if only["name"] == "datasource" && only["type"] == "datasource"));
    let mut ids = BTreeSet::new();
    for panel in panels(&dashboard) {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "an id twice: {}", panel["title"]);
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{panel}");
        }
    }
}

#[test]
fn targets_are_the_operators_ports_of_the_processes() {
    let processes = STACK.split_once("processes=(").unwrap().1.split_once(')').unwrap().0;
    let first: u16 = all(STACK, "first_port=\"${MM_STACK_PORT:-")[0].trim_end_matches("}\"").parse().unwrap();
    let mut ports: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (process, port) in processes.split_whitespace().zip((first..).step_by(2)) {
        let role = process.rsplit_once('-').unwrap().0;
        ports.entry(role).or_default().push(format!("\"127.0.0.1:{}\"", port + 1));
    }
    // The port after the clients'.
    ports.insert("standalone", vec!["\"127.0.0.1:8081\"".to_owned()]);
    let jobs = all(CONFIG, "- job_name: ");
    let targets = all(CONFIG, "- targets: ");
    let given: BTreeMap<&str, Vec<String>> = jobs
        .into_iter()
        .zip(targets)
        .map(|(job, targets)| {
            (job, targets.trim_matches(['[', ']']).split(", ").map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(given, ports);
}
