//! Configuration: the documented defaults, an operator's file over them, the environment over that,
//! flags over all.
//!
//! Invariants: a key that nobody knows is an error, wherever it stands; a secret is never printed.
//!
//! A variable `MM_SECTION__KEY` sets `section.key`; `MM_SECTION__KEY_FILE` names a file that holds the
//! value, as secrets are handed to containers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

const PREFIX: &str = "MM";
const SEPARATOR: &str = "__";
const FILE_SUFFIX: &str = "_FILE";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{variable} names {}: {source}", path.display())]
    Secret { variable: String, path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Invalid(#[from] config::ConfigError),
}

/// What everything together says. `environment` is that of the process; only `MM_…__…` is looked at.
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&str, String)],
) -> Result<T, ConfigError> {
    let variables = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && name.contains(SEPARATOR))
        .map(from_file)
        .collect::<Result<HashMap<_, _>, _>>()?;
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator(SEPARATOR)
        .try_parsing(true)
        .source(Some(variables));
    let mut builder = Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    if let Some(file) = file {
        builder = builder.add_source(File::from(file).format(FileFormat::Toml));
    }
    builder = builder.add_source(environment);
    for (key, value) in flags {
        builder = builder.set_override(key, value.as_str())?;
    }
    Ok(builder.build()?.try_deserialize()?)
}

fn from_file((name, value): (String, String)) -> Result<(String, String), ConfigError> {
    let Some(key) = name.strip_suffix(FILE_SUFFIX) else { return Ok((name, value)) };
    match std::fs::read_to_string(&value) {
        Ok(content) => Ok((key.to_owned(), content.trim_end_matches(['\r', '\n']).to_owned())),
        Err(source) => Err(ConfigError::Secret { path: value.into(), variable: name, source }),
    }
}

/// A value that is used and not shown. Empty means that there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The same as an operator would give it.
    pub fn of(text: &str) -> Self {
        Self(text.into())
    }

    /// None.
    pub fn none() -> Self {
        Self::of("")
    }

    pub fn expose(&self) -> Option<&str> {
        Some(self.0.expose_secret()).filter(|secret| !secret.is_empty())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose().map_or("", |_| "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        http: Http,
    }

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Http {
        listen: String,
        most_requests: u32,
        key: Secret,
    }

    const DEFAULTS: &str = "[http]\nlisten = \"a\"\nmost_requests = 1\nkey = \"\"\n";

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flags_stand_over_the_environment_over_the_file_over_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "[http]\nlisten = \"b\"\nmost_requests = 2\n").unwrap();
        let load = |file: Option<&Path>, env: &[(&str, &str)], flags: &[(&str, String)]| {
            let settings: Settings = load(DEFAULTS, file, variables(env), flags).unwrap();
            (settings.http.listen, settings.http.most_requests)
        };
        assert_eq!(load(None, &[], &[]), ("a".into(), 1));
        assert_eq!(load(Some(&file), &[], &[]), ("b".into(), 2));
        let env = [("MM_HTTP__MOST_REQUESTS", "3"), ("MM_LOG", "warn"), ("OTHER__KEY", "x")];
        assert_eq!(load(Some(&file), &env, &[]), ("b".into(), 3));
        assert_eq!(load(Some(&file), &env, &[("http.listen", "c".into())]), ("c".into(), 3));
    }

    #[test]
    fn what_nobody_knows_or_can_read_is_an_error() {
        let load = |env: &[(&str, &str)]| load::<Settings>(DEFAULTS, None, variables(env), &[]);
        for (variable, value) in [
            ("MM_HTTP__LISTENS", "a"),
            ("MM_HTPT__LISTEN", "a"),
            ("MM_HTTP__MOST_REQUESTS", "many"),
            ("MM_HTTP__KEY_FILE", "/nowhere/at/all"),
        ] {
            assert!(load(&[(variable, value)]).is_err(), "{variable}");
        }
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "hush\n").unwrap();
        let env = variables(&[("MM_HTTP__KEY_FILE", file.to_str().unwrap())]);
        let settings: Settings = load(DEFAULTS, None, env, &[]).unwrap();
        assert_eq!(settings.http.key.expose(), Some("hush"));
        assert!(!format!("{settings:?}").contains("hush"));
        assert!(!serde_json::to_string(&settings).unwrap().contains("hush"));
    }
}
