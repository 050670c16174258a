//! Indexes, their documents and settings, and the queue of tasks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::filter;
use crate::matching::{self, Asked};

/// When everything happens: the server has no clock.
pub const BEGIN: &str = "1970-01-01T00:00:00Z";

/// What goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Every request is answered with 503.
    pub is_away: bool,
    /// Nothing more can be enqueued.
    pub is_full: bool,
    /// Requests between the enqueueing of a task and its end, beyond the first.
    pub slowness: usize,
    /// Tasks that fail, from the next one on, as by an error of the server.
    pub failing: usize,
}

/// An error of the API.
#[derive(Debug, Clone)]
pub struct Refused {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Refused {
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }

    /// As an answer, and the error of a task, say it.
    pub fn body(&self) -> Value {
        let kind = match (self.code, self.status) {
            ("no_space_left_on_device", _) => "system",
            (_, 500..) => "internal",
            (_, _) => "invalid_request",
        };
        json!({ "message": self.message, "code": self.code, "type": kind, "link": "" })
    }

    fn no_index(uid: &str) -> Self {
        Self { status: 404, code: "index_not_found", message: format!("Index `{uid}` not found.") }
    }
}

/// What a task does.
pub enum Work {
    Create { uid: String, key: Option<String> },
    Remove { uid: String },
    Settings { uid: String, settings: Value },
    Documents { uid: String, key: Option<String>, documents: Vec<Value> },
    Swap { pairs: Vec<[String; 2]> },
}

impl Work {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "indexCreation",
            Self::Remove { .. } => "indexDeletion",
            Self::Settings { .. } => "settingsUpdate",
            Self::Documents { .. } => "documentAdditionOrUpdate",
            Self::Swap { .. } => "indexSwap",
        }
    }
}

struct Task {
    index: Option<String>,
    kind: &'static str,
    /// Absent once it has ended.
    work: Option<Work>,
    error: Option<Refused>,
    /// Requests until it is done.
    left: usize,
}

#[derive(Default)]
pub struct Server {
    indexes: BTreeMap<String, Index>,
    tasks: Vec<Task>,
    pub faults: Faults,
}

impl Server {
    /// Passes time, by one request: the first task that has not ended comes nearer to its end.
    pub fn step(&mut self) -> Result<(), Refused> {
        if self.faults.is_away {
            return Err(Refused { status: 503, code: "unavailable", message: "away".to_owned() });
        }
        let Some(at) = self.tasks.iter().position(|task| task.work.is_some()) else { return Ok(()) };
        if self.tasks[at].left > 0 {
            self.tasks[at].left -= 1;
            return Ok(());
        }
        let Some(work) = self.tasks[at].work.take() else { return Ok(()) };
        let done = if self.faults.failing > 0 {
            self.faults.failing -= 1;
            Err(Refused { status: 500, code: "internal", message: "planted".to_owned() })
        } else {
            self.perform(work)
        };
        self.tasks[at].error = done.err();
        Ok(())
    }

    pub fn enqueue(&mut self, index: Option<String>, work: Work) -> Result<u64, Refused> {
        if self.faults.is_full {
            let message = "The task queue is full".to_owned();
            return Err(Refused { status: 422, code: "no_space_left_on_device", message });
        }
        let left = self.faults.slowness;
        self.tasks.push(Task { index, kind: work.kind(), work: Some(work), error: None, left });
        Ok(self.tasks.len() as u64 - 1)
    }

    pub fn clear(&mut self) {
        self.indexes.clear();
    }

    pub fn forget_tasks(&mut self) {
        self.tasks.clear();
    }

    pub fn task_kinds(&self) -> Vec<&'static str> {
        self.tasks.iter().map(|task| task.kind).collect()
    }

    pub fn task(&self, uid: u64) -> Result<Value, Refused> {
        let task = usize::try_from(uid).ok().and_then(|uid| self.tasks.get(uid));
        let not_found = || Refused { status: 404, code: "task_not_found", message: format!("no task {uid}") };
        let task = task.ok_or_else(not_found)?;
        let status = match (&task.work, &task.error) {
            (Some(_), _) => "enqueued",
            (None, None) => "succeeded",
            (None, Some(_)) => "failed",
        };
        let mut answer = json!({
            "uid": uid,
            "indexUid": task.index,
            "status": status,
            "type": task.kind,
            "canceledBy": null,
            "details": null,
            "error": task.error.as_ref().map(Refused::body),
            "enqueuedAt": BEGIN,
        });
        if task.work.is_none() {
            for (name, value) in [("duration", "PT0S"), ("startedAt", BEGIN), ("finishedAt", BEGIN)] {
                answer[name] = value.into();
            }
        }
        Ok(answer)
    }

    pub fn index(&self, uid: &str) -> Result<&Index, Refused> {
        self.indexes.get(uid).ok_or_else(|| Refused::no_index(uid))
    }

    fn perform(&mut self, work: Work) -> Result<(), Refused> {
        match work {
            Work::Create { uid, key } => {
                if self.indexes.contains_key(&uid) {
                    let message = format!("Index `{uid}` already exists.");
                    return Err(Refused::bad("index_already_exists", message));
                }
                self.indexes.insert(uid, Index { key, ..Index::default() });
            }
            Work::Remove { uid } => {
                self.indexes.remove(&uid).ok_or_else(|| Refused::no_index(&uid))?;
            }
            Work::Settings { uid, settings } => {
                let index = self.indexes.entry(uid).or_default();
                for (name, value) in settings.as_object().into_iter().flatten() {
                    index.settings.insert(name.clone(), value.clone());
                }
            }
            Work::Documents { uid, key, documents } => {
                let index = self.indexes.entry(uid).or_default();
                index.key = index.key.take().or(key);
                index.add(documents)?;
            }
            Work::Swap { pairs } => {
                for [one, other] in pairs {
                    let mut take = |uid: &str| self.indexes.remove(uid).ok_or_else(|| Refused::no_index(uid));
                    let (first, second) = (take(&one)?, take(&other)?);
                    self.indexes.insert(one, second);
                    self.indexes.insert(other, first);
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct Index {
    key: Option<String>,
    settings: Map<String, Value>,
    documents: BTreeMap<String, Map<String, Value>>,
}

impl Index {
    fn add(&mut self, documents: Vec<Value>) -> Result<(), Refused> {
        let name = self.key.clone().unwrap_or_else(|| "id".to_owned());
        for document in documents {
            let Value::Object(document) = document else {
                return Err(Refused::bad("malformed_payload", "a document is an object"));
            };
            let key = document.get(&name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if key.is_empty() || key.len() > 511 || !key.chars().all(is_valid) {
                let message = format!("Document identifier `{key}` is invalid.");
                return Err(Refused::bad("invalid_document_id", message));
            }
            self.documents.insert(key, document);
        }
        Ok(())
    }

    fn names(&self, setting: &str) -> Vec<String> {
        let names = self.settings.get(setting).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The documents that pass the filter of a request.
    fn filtered(&self, body: &Value, code: &'static str) -> Result<Vec<&Map<String, Value>>, Refused> {
        let Some(text) = body["filter"].as_str() else { return Ok(self.documents.values().collect()) };
        let filter = filter::parse(text, &self.names("filterableAttributes"));
        let filter = filter.map_err(|message| Refused::bad(code, message))?;
        Ok(self.documents.values().filter(|document| filter.passes(document)).collect())
    }

    pub fn fetch(&self, body: &Value) -> Result<Value, Refused> {
        let all = self.filtered(body, "invalid_document_filter")?;
        let (offset, limit) = (number(body, "offset", 0), number(body, "limit", 20));
        let fields: Option<Vec<&str>> =
            body["fields"].as_array().map(|fields| fields.iter().filter_map(Value::as_str).collect());
        let shown = |document: &Map<String, Value>| -> Map<String, Value> {
            let is_asked =
                |name: &String| fields.as_ref().is_none_or(|fields| fields.contains(&name.as_str()));
            let shown = document.iter().filter(|(name, _)| is_asked(name));
            shown.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let total = all.len();
        let results: Vec<_> = all.into_iter().skip(offset).take(limit).map(shown).collect();
        Ok(json!({ "results": results, "offset": offset, "limit": limit, "total": total }))
    }

    pub fn search(&self, body: &Value) -> Result<Value, Refused> {
        let candidates = self.filtered(body, "invalid_search_filter")?;
        let attributes = self.names("searchableAttributes");
        let text = body["q"].as_str().unwrap_or_default();
        let asked = Asked::parse(text, body["matchingStrategy"] == "all");
        let mut ranked: Vec<_> = candidates
            .into_iter()
            .filter_map(|document| Some((matching::rank(document, &attributes, &asked)?, document)))
            .collect();
        let orders = self.names("rankingRules");
        let orders: Vec<&str> = orders.iter().filter_map(|rule| rule.strip_suffix(":desc")).collect();
        ranked.sort_by(|(one, first), (other, second)| {
            one.cmp(other).then_with(|| {
                let number =
                    |document: &Map<String, Value>, name: &str| document.get(name).and_then(Value::as_i64);
                let newest = orders.iter().map(|name| number(second, name).cmp(&number(first, name)));
                newest.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            })
        });
        let most = self
            .settings
            .get("pagination")
            .map_or(1_000, |pagination| number(pagination, "maxTotalHits", 1_000));
        ranked.truncate(most);
        let (offset, limit) = (number(body, "offset", 0), number(body, "limit", 20));
        let marks = ["highlightPreTag", "highlightPostTag"].map(|name| body[name].as_str().unwrap_or("<em>"));
        let total = ranked.len();
        let hits = ranked.into_iter().skip(offset).take(limit).map(|(rank, document)| {
            let mut hit = document.clone();
            let mut formatted = Map::new();
            for (name, value) in document {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let is_text = attributes.contains(name);
                let shown = if is_text { matching::highlight(&text, &asked, marks) } else { text };
                formatted.insert(name.clone(), shown.into());
            }
            hit.insert("_formatted".to_owned(), Value::Object(formatted));
            hit.insert("_rankingScore".to_owned(), rank.score().into());
            hit
        });
        let hits: Vec<_> = hits.collect();
        Ok(
            json!({ "hits": hits, "offset": offset, "limit": limit, "estimatedTotalHits": total, "processingTimeMs": 0, "query": text }),
        )
    }
}

fn number(body: &Value, name: &str, default: usize) -> usize {
    body[name].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
}
