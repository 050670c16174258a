//! The compose file, as Docker Compose itself understands it; no engine is needed for that.

use std::process::Command;

use crate::python;

#[test]
fn the_compose_file_is_valid_and_its_ports_are_those_of_run() {
    let services = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/services");
    let config = python::run(
        Command::new(python::programs().join("docker-compose"))
            .args(["--file", &format!("{services}/compose.yaml"), "config", "--format", "json"])
            .env_remove("MM_KAFKA_PORT")
            .env_remove("MM_CASSANDRA_PORT")
            .env_remove("MM_REDIS_PORT"),
    );
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let environment = python::run(
        Command::new(format!("{services}/run"))
            .arg("env")
            .env_remove("MM_KAFKA_PORT")
            .env_remove("MM_CASSANDRA_PORT")
            .env_remove("MM_REDIS_PORT"),
    );
    for (service, variable) in
        [("kafka", "MM_KAFKA_BOOTSTRAP="), ("scylla", "MM_SCYLLA_NODES="), ("redis", "MM_REDIS_URL=redis://")]
    {
        let port = &config["services"][service]["ports"][0];
        let address =
            format!("{}:{}", port["host_ip"].as_str().unwrap(), port["published"].as_str().unwrap());
        assert!(
            environment.contains(&format!("{variable}{address}\n")),
            "{service} at {address}: {environment}"
        );
    }
}
