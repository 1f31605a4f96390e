//! Puts the built web client into the binary: every file of `web/build` as it is and, where that saves something,
//! compressed once here instead of at every request.
//!
//! A release build without the client fails, for it would serve nothing; a debug build says so on a page instead.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() {
    let build = variable("CARGO_MANIFEST_DIR").join("../../web/build");
    let out = variable("OUT_DIR");
    // While the folder is absent cargo runs this again at every build, which is what notices it appear.
    println!("cargo::rerun-if-changed={}", build.display());
    let release = variable("PROFILE").as_os_str() == "release";
    let mut files = BTreeMap::new();
    if build.join("index.html").is_file() {
        collect(&build, &build, &mut files);
    } else {
        assert!(
            !release,
            "the web client is not built: {} has no index.html. Run `make web` (or `npm ci && npm run build` in web/) first.",
            build.display()
        );
    }
    let copies = out.join("client");
    // Copies, because the next build of the client may take the originals away while the compiler still wants them.
    let _none_yet = fs::remove_dir_all(&copies);
    fs::create_dir_all(&copies).expect("cargo's own output folder can be written");
    let mut code = String::from("&[\n");
    for (name, file) in &files {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            // The client is being built at this very moment; the next build here takes up what it leaves.
            Err(error) if error.kind() == ErrorKind::NotFound && !release => continue,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        let etag = hex::encode(&Sha256::digest(&bytes)[..12]);
        let copy = |bytes: &[u8], ending: &str| {
            let path = copies.join(format!("{etag}{ending}"));
            fs::write(&path, bytes).expect("cargo's own output folder can be written");
            format!("include_bytes!({path:?})")
        };
        let gzip = compressed(name, &bytes)
            .map_or("None".to_owned(), |gzip| format!("Some({})", copy(&gzip, ".gz")));
        let plain = copy(&bytes, "");
        writeln!(code, "    Asset {{ path: {name:?}, bytes: {plain}, gzip: {gzip}, etag: {etag:?} }},")
            .expect("a String takes everything");
    }
    code.push(']');
    fs::write(out.join("client.rs"), code).expect("cargo's own output folder can be written");
}

fn variable(name: &str) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script everything by the environment")]
    env::var_os(name).unwrap_or_else(|| panic!("cargo sets {name}")).into()
}

/// Every file below `folder` by its path from `root`, `/`-separated, sorted for the binary search at run time.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("listed").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("it is below").to_str().expect("asset names are UTF-8");
            files.insert(name.replace('\\', "/"), path);
        }
    }
}

/// The file compressed, if it is text and at least a tenth is saved.
fn compressed(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = ["html", "js", "mjs", "css", "svg", "json", "webmanifest", "txt", "map", "wasm"];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !text.contains(&extension) || bytes.len() < 256 {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes everything");
    let gzip = encoder.finish().expect("memory takes everything");
    (gzip.len() * 10 <= bytes.len() * 9).then_some(gzip)
}
