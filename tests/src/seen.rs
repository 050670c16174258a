//! Notes what tests ask and are answered, for the table of which test has seen which part of the API.
//!
//! Invariant: without the variable `MM_SEEN` nothing is noted; with it, a bounded number of answers of each
//! test and document, and of each error code.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::client::code;
use crate::system::Stack;

/// Answers that are noted of one test and document.
const EACH: usize = 40;

struct Notes {
    file: File,
    /// Name of the stack.
    stack: String,
    counts: HashMap<u64, usize>,
}

static NOTES: LazyLock<Option<Mutex<Notes>>> = LazyLock::new(|| {
    let folder = std::env::var_os("MM_SEEN")?;
    std::fs::create_dir_all(&folder).ok()?;
    let stack = format!("{:?}", Stack::chosen()).to_lowercase();
    let name = format!("{stack}-{}.jsonl", std::process::id());
    let file = File::create(Path::new(&folder).join(name)).expect("a file for notes");
    Some(Mutex::new(Notes { file, stack, counts: HashMap::new() }))
});

/// Notes an answer, with `data` and `errors`, to a document.
pub fn note(document: &str, variables: &Value, answer: &Value) {
    let Some(notes) = NOTES.as_ref() else { return };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed");
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = DefaultHasher::new();
    (test, document, code(answer)).hash(&mut hasher);
    let count = notes.counts.entry(hasher.finish()).or_default();
    *count += 1;
    if *count <= EACH {
        let line = json!({ "stack": notes.stack, "test": test, "document": document, "variables": variables, "answer": answer });
        writeln!(notes.file, "{line}").expect("a note");
    }
}
