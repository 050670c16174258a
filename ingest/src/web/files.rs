//! The files of a folder in memory, each with its type and its hash, and beside texts their gzip form.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::NOSNIFF;
use crate::http::tags::knows;

/// The most that a folder may hold: a mistaken folder is an error, not all of the memory.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: usize = 64 << 20;
/// Folders in folders.
const MAX_DEPTH: usize = 8;
/// Names in here change with their content.
const IMMUTABLE: &str = "/assets/";
/// A day of a browser's cache is a year here.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Types by extensions; a file of another one is not read.
const TYPES: [(&str, &str); 11] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
];

/// Why the files of a folder are not served.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("{} holds more than {MAX_FILES} files, {MAX_BYTES} bytes, or {MAX_DEPTH} folders in folders", .0.display())]
    TooLarge(PathBuf),
}

#[derive(Debug)]
pub struct File {
    kind: &'static str,
    cache: &'static str,
    /// A strong one (RFC 9110, 8.8.3), without quotes.
    tag: String,
    plain: Bytes,
    zipped: Option<Bytes>,
}

/// Files by their paths, which begin with a slash.
#[derive(Debug, Default)]
pub struct Files {
    files: HashMap<String, File>,
}

impl Files {
    /// Reads a folder; one that is not there is empty.
    pub fn read(folder: &Path) -> Result<Self, FilesError> {
        let mut found = HashMap::new();
        if folder.exists() {
            collect(folder, "", MAX_DEPTH, &mut found)?;
        }
        let mut files = HashMap::new();
        for (path, plain) in &found {
            let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
            let Some((_, kind)) = TYPES.iter().find(|(known, _)| extension == Some(known)) else { continue };
            let zipped = found.get(&format!("{path}.gz")).cloned();
            let cache = if path.starts_with(IMMUTABLE) { FOR_GOOD } else { "no-cache" };
            let tag = Sha256::digest(plain).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            files.insert(path.clone(), File { kind, cache, tag, plain: plain.clone(), zipped });
        }
        Ok(Self { files })
    }

    /// The file at a path; a folder's is its `index.html`.
    pub fn find(&self, path: &str) -> Option<&File> {
        let folder = path.strip_suffix('/').unwrap_or(path);
        self.files.get(path).or_else(|| self.files.get(&format!("{folder}/index.html")))
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut HashMap<String, Bytes>,
) -> Result<(), FilesError> {
    let unreadable = |error| FilesError::Unreadable(folder.to_owned(), error);
    let too_large = || FilesError::TooLarge(folder.to_owned());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A name that is no text cannot be asked for.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}/{name}");
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            let depth = depth.checked_sub(1).ok_or_else(too_large)?;
            collect(&entry.path(), &path, depth, found)?;
        } else if kind.is_file() {
            let size = entry.metadata().map_err(unreadable)?.len();
            let held: usize = found.values().map(Bytes::len).sum();
            let is_too_large = usize::try_from(size).map_or(true, |size| held + size > MAX_BYTES);
            if is_too_large || found.len() >= MAX_FILES {
                return Err(too_large());
            }
            found.insert(path, fs::read(entry.path()).map_err(unreadable)?.into());
        }
    }
    Ok(())
}

impl File {
    pub fn is_page(&self) -> bool {
        self.kind.starts_with("text/html")
    }

    /// The file, or that it has not changed.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let zipped = self.zipped.as_ref().filter(|_| accepts_gzip(headers));
        // Each form has a tag of its own.
        let tag = format!("\"{}{}\"", self.tag, if zipped.is_some() { "-gzip" } else { "" });
        let mut response = if knows(headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let kind = (header::CONTENT_TYPE, self.kind);
            match zipped {
                Some(zipped) => ([kind, (header::CONTENT_ENCODING, "gzip")], zipped.clone()).into_response(),
                None => ([kind], self.plain.clone()).into_response(),
            }
        };
        let added = [(header::CACHE_CONTROL, self.cache), (header::VARY, "accept-encoding"), NOSNIFF];
        let added = added.map(|(name, value)| (name, HeaderValue::from_static(value)));
        response.headers_mut().extend(added);
        // A hash in quotes can stand in a header.
        response.headers_mut().extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
        response
    }
}

/// Whether gzip is among what a client accepts, with a weight that is not zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
        is_gzip && weight != Some(0.0_f32)
    })
}
