//! Keys of rows.

use super::*;

#[test]
fn a_key_names_what_it_was_made_of() {
    let user: UserId = "ann".parse().unwrap();
    let sent = (user.clone(), ClientId::from_bytes([7; 16]));
    assert_eq!(RowKey::of::<Sent>(&sent).names::<Sent>(), Some(sent));
    assert_eq!(RowKey::of::<Member>(&user).names::<Member>(), Some(user.clone()));
    assert_eq!(RowKey::of::<Member>(&user).names::<Receipt>(), None, "of another kind");
    assert!(RowKey::of::<MessageHead>(&9) < RowKey::of::<MessageHead>(&256), "by number");
}
