//! What tests fetch from package indexes, kept in the user's cache.
//!
//! Invariant: what is kept is exactly what its list names; when the list changes, or fetching did not come
//! to its end, it is fetched anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of this name, as `fetch` made it from the list in a file. The first call takes some seconds.
pub fn folder(name: &str, list: &Path, fetch: impl FnOnce(&Path)) -> PathBuf {
    let home = std::env::var_os("HOME").expect("HOME is set");
    let cache = Path::new(&home).join(".cache/musclemap");
    let folder = cache.join(name);
    fs::create_dir_all(&folder).expect("a folder for what is kept");
    let lock = File::create(cache.join(name).with_extension("lock")).expect("a file to lock");
    lock.lock().expect("nobody else fetches it");

    let wanted = fs::read_to_string(list).expect("a list");
    let made = folder.join("made");
    if fs::read_to_string(&made).ok().as_ref() != Some(&wanted) {
        // Written last, so that what was not finished is fetched anew.
        if made.exists() {
            fs::remove_file(&made).expect("the note of what was there goes");
        }
        fetch(&folder);
        fs::write(&made, wanted).expect("a note of what is there");
    }
    folder
}
