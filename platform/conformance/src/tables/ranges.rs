//! Ranges: bounds, direction, pages.

use std::sync::Arc;

use platform::ports::{Page, PutRow, Range, Tables};
use schemas::tables::Value;

use super::{Case, key, row, text};

/// Rows 1 to 5, each with names a, b and c.
async fn five_by_three(tables: Arc<dyn Tables>) -> Case {
    let case = Case::numbered(tables);
    let mut rows = Vec::new();
    for number in 1..=5 {
        for name in ["a", "b", "c"] {
            rows.push(row(number, name, &format!("{number}{name}"), 1));
        }
    }
    case.put(rows).await;
    case
}

fn texts(page: &Page) -> String {
    page.rows.iter().map(text).collect::<Vec<_>>().join(" ")
}

pub async fn bounds_are_prefixes(tables: Arc<dyn Tables>) {
    let case = five_by_three(tables).await;
    let number = |number| vec![Value::BigInt(number)];
    let open = Vec::new;
    for (from, to, expected) in [
        (open(), open(), "1a 1b 1c 2a 2b 2c 3a 3b 3c 4a 4b 4c 5a 5b 5c"),
        (number(4), open(), "4a 4b 4c 5a 5b 5c"),
        (open(), number(2), "1a 1b 1c 2a 2b 2c"),
        (number(2), number(3), "2a 2b 2c 3a 3b 3c"),
        (number(3), number(3), "3a 3b 3c"),
        (key(2, "b"), number(3), "2b 2c 3a 3b 3c"),
        (number(2), key(3, "b"), "2a 2b 2c 3a 3b"),
        (key(2, "b"), key(2, "b"), "2b"),
        (key(2, "bb"), key(4, "aa"), "2c 3a 3b 3c 4a"),
        (number(6), open(), ""),
        (open(), number(0), ""),
        (number(4), number(2), ""),
        (key(3, "c"), key(3, "a"), ""),
    ] {
        let range = Range { from: from.clone(), to: to.clone(), limit: 100, ..Range::default() };
        let ascending = case.range(range.clone()).await;
        assert_eq!(texts(&ascending), expected, "from {from:?} to {to:?}");
        assert_eq!(ascending.next, None);
        let mut descending = case.range(Range { descending: true, ..range }).await;
        assert_eq!(descending.next, None);
        descending.rows.reverse();
        assert_eq!(descending, ascending, "descending from {from:?} to {to:?}");
    }
}

pub async fn a_page_says_whether_more_may_come(tables: Arc<dyn Tables>) {
    let case = five_by_three(tables).await;
    for descending in [false, true] {
        for limit in [1, 2, 14, 15, 16] {
            let page = case.range(Range { limit, descending, ..Range::default() }).await;
            assert_eq!(page.rows.len(), limit.min(15));
            match page.next {
                // The last page may say that more may come, if it turns out empty.
                Some(after) => {
                    let range = Range { limit: 100, descending, after: Some(after), ..Range::default() };
                    let rest = case.range(range).await;
                    assert_eq!(rest.rows.len(), 15 - limit.min(15));
                }
                None => assert!(limit >= 15, "{limit} rows are not all"),
            }
        }
    }
    let elsewhere = Case::numbered(Arc::clone(&case.tables));
    let nothing = elsewhere.range(Range { limit: 1, ..Range::default() }).await;
    assert_eq!(nothing, Page { rows: Vec::new(), next: None });
}

pub async fn pages_cover_a_thousand_rows_once_either_way(tables: Arc<dyn Tables>) {
    const ROWS: i64 = 1_000;
    let case = Case::numbered(tables);
    for start in (0..ROWS).step_by(100) {
        let rows: Vec<PutRow> =
            (start..start + 100).map(|number| row(number, "n", &number.to_string(), 1)).collect();
        case.put(rows).await;
    }
    for (from, to) in [(0, ROWS - 1), (123, 877)] {
        for descending in [false, true] {
            let mut range = Range {
                from: vec![Value::BigInt(from)],
                to: vec![Value::BigInt(to)],
                descending,
                limit: 7,
                after: None,
            };
            let mut read = Vec::new();
            loop {
                let page = case.range(range.clone()).await;
                assert!(page.rows.len() <= 7);
                read.extend(page.rows.iter().map(|row| text(row).to_owned()));
                match page.next {
                    Some(next) => range.after = Some(next),
                    None => break,
                }
            }
            if descending {
                read.reverse();
            }
            let expected: Vec<String> = (from..=to).map(|number| number.to_string()).collect();
            assert_eq!(read, expected, "descending: {descending}");
        }
    }
}

pub async fn a_page_can_be_asked_for_again(tables: Arc<dyn Tables>) {
    let case = five_by_three(tables).await;
    let range = Range { limit: 4, ..Range::default() };
    let first = case.range(range.clone()).await;
    assert_eq!(texts(&first), "1a 1b 1c 2a");
    // What is written behind the page is not seen, what is written before it is.
    case.put(vec![row(1, "aa", "1aa", 1), row(2, "aa", "2aa", 1)]).await;
    let second = Range { after: first.next, ..range.clone() };
    for _ in 0..2 {
        assert_eq!(texts(&case.range(second.clone()).await), "2aa 2b 2c 3a");
    }
    // A place need not be a row's, and need not lie within the bounds.
    let between = Range { after: Some(key(3, "bb")), ..range.clone() };
    assert_eq!(texts(&case.range(between.clone()).await), "3c 4a 4b 4c");
    let backwards = Range { descending: true, ..between };
    assert_eq!(texts(&case.range(backwards).await), "3b 3a 2c 2b");
    let before = Range { from: vec![Value::BigInt(4)], after: Some(key(1, "a")), ..range.clone() };
    assert_eq!(texts(&case.range(before).await), "4a 4b 4c 5a");
    let behind = Range { to: vec![Value::BigInt(1)], after: Some(key(4, "a")), ..range };
    assert_eq!(texts(&case.range(behind).await), "");
}
