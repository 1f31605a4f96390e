//! Checks every dependency against `deny.toml` without the network (R81): its licence, whether it is banned,
//! where it comes from, and which crates are there twice.
//!
//! It stays true that `deny.toml` is the only list: cargo-deny (`make deny`) reads the same file and adds the
//! advisories, which need a database from outside.

mod licence;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml::Table;

/// Runs the check; prints what it found; true when nothing is refused.
pub fn run(root: &Path) -> Result<bool, String> {
    let policy = fs::read_to_string(root.join("deny.toml"))
        .map_err(|e| format!("deny.toml: {e}"))?
        .parse::<Table>()
        .map_err(|e| format!("deny.toml: {e}"))?;
    let packages = packages(root)?;
    let mut refused = Vec::new();
    let allowed = list(&policy, "licenses", "allow");
    let banned = banned(&policy);
    for package in packages.iter().filter(|package| package.source.is_some()) {
        let name = format!("{} {}", package.name, package.version);
        match package.licence.as_deref().map(|expression| licence::allowed(expression, &allowed)) {
            Some(Ok(true)) => {}
            Some(Ok(false)) => {
                refused.push(format!(
                    "{name}: its licence `{}` is not allowed",
                    package.licence.as_deref().unwrap_or("")
                ));
            }
            Some(Err(e)) => refused.push(format!("{name}: its licence cannot be read: {e}")),
            None => refused.push(format!("{name}: names no licence")),
        }
        if let Some(reason) = banned.get(&package.name) {
            refused.push(format!("{name}: is banned: {reason}"));
        }
        if package.source.as_deref() != Some("registry+https://github.com/rust-lang/crates.io-index") {
            refused.push(format!("{name}: comes from {}", package.source.as_deref().unwrap_or("nowhere")));
        }
    }
    for name in wildcards(&packages) {
        refused.push(name);
    }
    for line in &refused {
        println!("deny: {line}");
    }
    let twice = twice(&packages);
    for (name, versions) in &twice {
        println!("deny: note: {name} is there {} times: {}", versions.len(), versions.join(", "));
    }
    println!("deny: {} packages, {} more than once, {} refused", packages.len(), twice.len(), refused.len());
    Ok(refused.is_empty())
}

/// What cargo knows of one package.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// None for the packages of this workspace.
    source: Option<String>,
    /// Requirements on packages of the registry: name and version.
    requirements: Vec<(String, String)>,
}

/// Everything the lock file holds, as cargo resolves it.
fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata could not be started: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let metadata =
        serde_json::from_slice::<Value>(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata named no packages")?;
    Ok(packages.iter().map(package).collect())
}

fn package(value: &Value) -> Package {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let requirements = value["dependencies"].as_array().into_iter().flatten();
    Package {
        name: text(&value["name"]).unwrap_or_default(),
        version: text(&value["version"]).unwrap_or_default(),
        licence: text(&value["license"]),
        source: text(&value["source"]),
        requirements: requirements
            .filter(|dependency| !dependency["source"].is_null())
            .filter_map(|dependency| Some((text(&dependency["name"])?, text(&dependency["req"])?)))
            .collect(),
    }
}

/// Our own packages must say which version they mean.
fn wildcards(packages: &[Package]) -> Vec<String> {
    let ours = packages.iter().filter(|package| package.source.is_none());
    ours.flat_map(|package| package.requirements.iter().map(move |requirement| (package, requirement)))
        .filter(|(_, (_, version))| version == "*")
        .map(|(package, (name, _))| format!("{}: asks for any version of {name}", package.name))
        .collect()
}

/// Crates in more than one version.
fn twice(packages: &[Package]) -> BTreeMap<&str, Vec<&str>> {
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

/// The strings of a list in the policy.
fn list(policy: &Table, section: &str, key: &str) -> Vec<String> {
    let list = policy.get(section).and_then(|section| section.get(key)).and_then(toml::Value::as_array);
    list.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// Banned crates with their reasons.
fn banned(policy: &Table) -> BTreeMap<String, String> {
    let list = policy.get("bans").and_then(|bans| bans.get("deny")).and_then(toml::Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let reason = entry.get("reason").and_then(toml::Value::as_str).unwrap_or("see deny.toml");
            Some((entry.get("crate")?.as_str()?.to_owned(), reason.to_owned()))
        })
        .collect()
}
