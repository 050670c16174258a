//! Rules for dependencies, as `deny.toml` says them: licences, crates, features, sources.
//!
//! Boundary: reads of cargo-deny's format what `deny.toml` uses; an unknown key there is an error.

use serde::Deserialize;

use crate::licence::is_met;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    clarify: Vec<Clarified>,
    unused_allowed_license: String,
}

/// The licence of a crate whose manifest only names a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Clarified {
    #[serde(rename = "crate")]
    name: String,
    expression: String,
    #[serde(rename = "license-files")]
    _files: Vec<toml::Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Bans {
    deny: Vec<Ban>,
    features: Vec<BannedFeatures>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// Crates that may depend on it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BannedFeatures {
    #[serde(rename = "crate")]
    name: String,
    deny: Vec<String>,
    reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Sources {
    unknown_registry: String,
    unknown_git: String,
    allow_registry: Vec<String>,
}

/// What `cargo metadata` prints, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    id: String,
    name: String,
    license: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
}

/// `Cargo.lock`: every crate for every target, built or not.
#[derive(Debug, Deserialize)]
pub struct Lock {
    pub package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
pub struct Locked {
    name: String,
    source: Option<String>,
    /// Names, each with a version behind it where there are several.
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Deny {
    /// Licences of what is shipped.
    pub fn allowed(&self) -> &[String] {
        &self.licenses.allow
    }

    /// Keys that cargo-deny would only warn by. Here what they are about is always an error.
    pub fn lenient(&self) -> Vec<&str> {
        let keys = [
            ("unused-allowed-license", &self.licenses.unused_allowed_license),
            ("unknown-registry", &self.sources.unknown_registry),
            ("unknown-git", &self.sources.unknown_git),
        ];
        keys.into_iter().filter(|(_, value)| *value != "deny").map(|(key, _)| key).collect()
    }

    /// Crates whose licences are not allowed, and allowed licences that no crate needs.
    pub fn licences(&self, metadata: &Metadata) -> Vec<String> {
        let allowed = &self.licenses.allow;
        let clarified = |package: &Package| {
            let one = self.licenses.clarify.iter().find(|one| one.name == package.name);
            one.map(|one| one.expression.clone())
        };
        let licence =
            |package: &Package| package.license.clone().or_else(|| clarified(package)).unwrap_or_default();
        let refused = metadata.packages.iter().filter(|package| !is_met(&licence(package), allowed));
        let refused = refused.map(|package| format!("{}: licence {:?}", package.name, licence(package)));
        let unused = allowed.iter().filter(|one| {
            let without: Vec<String> = allowed.iter().filter(|other| other != one).cloned().collect();
            metadata.packages.iter().all(|package| is_met(&licence(package), &without))
        });
        refused.chain(unused.map(|one| format!("no crate needs {one}"))).collect()
    }

    /// Banned features that crates are built with.
    pub fn features(&self, metadata: &Metadata) -> Vec<String> {
        let mut wrong = Vec::new();
        for ban in &self.bans.features {
            let packages = metadata.packages.iter().filter(|package| package.name == ban.name);
            for package in packages {
                let nodes = metadata.resolve.nodes.iter().filter(|node| node.id == package.id);
                let features = nodes.flat_map(|node| &node.features);
                for feature in features.filter(|feature| ban.deny.contains(feature)) {
                    wrong.push(format!("{} with {feature}: {}", ban.name, ban.reason));
                }
            }
        }
        wrong
    }

    /// Banned crates, and crates from elsewhere than the allowed registries and this repository.
    pub fn crates(&self, lock: &Lock) -> Vec<String> {
        let mut wrong = Vec::new();
        let depends = |package: &Locked, name: &str| {
            package.dependencies.iter().any(|dependency| dependency.split(' ').next() == Some(name))
        };
        for Locked { name, source, .. } in &lock.package {
            let mut dependents = lock.package.iter().filter(|package| depends(package, name));
            let is_banned = |ban: &&Ban| {
                ban.name == *name
                    && (ban.wrappers.is_empty() || !dependents.all(|one| ban.wrappers.contains(&one.name)))
            };
            if let Some(ban) = self.bans.deny.iter().find(is_banned) {
                wrong.push(format!("{name}: {}", ban.reason));
            }
            let registry = source.as_deref().map(|source| source.strip_prefix("registry+"));
            let is_known = registry.is_none_or(|registry| {
                registry.is_some_and(|url| self.sources.allow_registry.iter().any(|allowed| allowed == url))
            });
            if !is_known {
                wrong.push(format!("{name}: from {}", source.as_deref().unwrap_or_default()));
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        [licenses]
        unused-allowed-license = "deny"
        allow = ["MIT", "ISC"]
        clarify = [{ crate = "e", expression = "MIT", license-files = [] }]
        [bans]
        deny = [{ crate = "openssl-sys", reason = "r" }, { crate = "c", wrappers = ["w"], reason = "s" }]
        features = [{ crate = "jsonwebtoken", deny = ["aws_lc_rs"], reason = "r" }]
        [sources]
        unknown-registry = "deny"
        unknown-git = "warn"
        allow-registry = ["https://registry.example"]
    "#;

    fn deny() -> Deny {
        toml::from_str(DENY).unwrap()
    }

    #[test]
    fn finds_licences_that_are_not_allowed_or_not_needed_and_banned_features() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"packages": [{"id": "1", "name": "a", "license": "MIT OR ISC"}, {"id": "2", "name": "b", "license": "MIT"},
                             {"id": "3", "name": "jsonwebtoken", "license": "GPL-3.0-only"}, {"id": "4", "name": "d", "license": null},
                             {"id": "5", "name": "e", "license": null}],
                "resolve": {"nodes": [{"id": "3", "features": ["default", "aws_lc_rs"]}]}}"#,
        )
        .unwrap();
        assert_eq!(
            deny().licences(&metadata),
            [r#"jsonwebtoken: licence "GPL-3.0-only""#, r#"d: licence """#]
        );
        assert_eq!(deny().features(&metadata), ["jsonwebtoken with aws_lc_rs: r"]);
        let needed: Metadata = serde_json::from_str(
            r#"{"packages": [{"id": "2", "name": "b", "license": "MIT"}], "resolve": {"nodes": []}}"#,
        )
        .unwrap();
        assert_eq!(deny().licences(&needed), ["no crate needs ISC"]);
    }

    #[test]
    fn finds_keys_that_only_warn() {
        assert_eq!(deny().lenient(), ["unknown-git"]);
    }

    #[test]
    fn finds_banned_crates_and_unknown_sources() {
        let lock: Lock = toml::from_str(
            r#"
            [[package]]
            name = "ours"
            [[package]]
            name = "openssl-sys"
            source = "registry+https://registry.example"
            [[package]]
            name = "b"
            source = "git+https://registry.example/b"
            "#,
        )
        .unwrap();
        assert_eq!(deny().crates(&lock), ["openssl-sys: r", "b: from git+https://registry.example/b"]);
    }

    #[test]
    fn a_banned_crate_may_be_wrapped_by_those_that_are_named_alone() {
        let lock = |dependents: &str| -> Lock {
            toml::from_str(&format!("{dependents}[[package]]\nname = 'c'")).unwrap()
        };
        let by = |name: &str| format!("[[package]]\nname = '{name}'\ndependencies = ['a', 'c 1.0']\n");
        assert_eq!(deny().crates(&lock(&by("w"))), <[&str; 0]>::default());
        assert_eq!(deny().crates(&lock(&(by("w") + &by("x")))), ["c: s"]);
    }
}
