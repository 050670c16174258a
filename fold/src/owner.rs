//! An owner in memory: its state, and the rows that are known, present or absent.
//!
//! Invariant: a row that is not known is never taken for absent.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::rows::{Keyed, Residence, RowKey, Variant};

use crate::{Fold, StoredRow};

/// A client chooses keys for an owner of its own, and does not know the seed.
type Rows<R> = HashMap<RowKey, Option<R>, foldhash::fast::RandomState>;

/// Rows are looked up far more often than listed, and an account may know thousands: they are hashed,
/// and sorted when they are listed. Nothing depends on the order of the maps.
pub struct Owner<F: Fold + ?Sized> {
    /// Shared with what is to be written of it.
    pub state: Arc<F::State>,
    /// Of kinds that are loaded with the owner.
    resident: Rows<F::Row>,
    /// Of kinds that are read by key.
    keyed: Rows<F::Row>,
    /// Whether a resident row that is not here does not exist.
    complete: bool,
}

fn is_resident<F: Fold + ?Sized>(kind: i32) -> bool {
    F::Row::residence(kind) == Some(Residence::Resident)
}

impl<F: Fold> Owner<F> {
    pub fn new(state: F::State, complete: bool) -> Self {
        Self { state: Arc::new(state), resident: Rows::default(), keyed: Rows::default(), complete }
    }

    fn rows(&self, kind: i32) -> &Rows<F::Row> {
        if is_resident::<F>(kind) { &self.resident } else { &self.keyed }
    }

    /// What is known of `key`; `None` if nothing is.
    fn known(&self, key: &RowKey) -> Option<Option<&F::Row>> {
        let absent = self.complete && is_resident::<F>(key.kind);
        self.rows(key.kind).get(key).map(Option::as_ref).or(absent.then_some(None))
    }

    /// Whether the owner knows the row under `key`, present or absent.
    pub fn knows(&self, key: &RowKey) -> bool {
        self.known(key).is_some()
    }

    /// The row under `key`, if there is one.
    ///
    /// # Panics
    /// If the row was not loaded: the fold reads what it does not name in [`Fold::needs`].
    pub fn row(&self, key: &RowKey) -> Option<&F::Row> {
        self.known(key).unwrap_or_else(|| panic!("row {key:?} was not loaded"))
    }

    /// The row of type `T` under its key, if there is one. Panics as [`Self::row`] does.
    pub fn get<T: Variant<F::Row>>(&self, key: &T::Key) -> Option<&T> {
        T::of(self.row(&RowKey::of::<T>(key))?)
    }

    /// Notes the row under `key`, unless no decision ever reads it.
    pub fn set(&mut self, key: RowKey, row: Option<F::Row>) {
        match F::Row::residence(key.kind) {
            Some(Residence::Resident) => self.resident.insert(key, row),
            Some(Residence::Keyed) => self.keyed.insert(key, row),
            Some(Residence::Unread) | None => None,
        };
    }

    /// Known rows of type `T`, in the order of their keys.
    pub fn all<'a, T: Variant<F::Row> + 'a>(&'a self) -> impl Iterator<Item = (T::Key, &'a T)> {
        let of_kind = self.rows(T::KIND).iter().filter(|(key, _)| key.kind == <T as Keyed>::KIND);
        let mut rows: Vec<_> = of_kind.filter_map(|(key, row)| Some((key, T::of(row.as_ref()?)?))).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows.into_iter().filter_map(|(key, row)| Some((key.names::<T>()?, row)))
    }

    /// Forgets rows that can be read again by key, but for those that `keep` names.
    pub fn forget(&mut self, mut keep: impl FnMut(&RowKey) -> bool) {
        self.keyed.retain(|key, _| keep(key));
    }

    /// Rows in memory.
    pub fn len(&self) -> usize {
        self.resident.len() + self.keyed.len()
    }

    /// Rows in memory that can be forgotten.
    pub fn keyed_len(&self) -> usize {
        self.keyed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
