//! Published users: a row says what the newest record of its user says.

use platform::ports::Record;
use platform::projection::Projection;
use schemas::avro;
use schemas::people::PlatformUser;
use schemas::tables::views::ViewRow;
use schemas::tables::{USERS, Value};
use schemas::topics::{self, Topic};

pub enum Profiles {}

impl Projection for Profiles {
    const NAME: &'static str = "profiles";
    const SOURCE: &'static str = "/musclemap/profiles";

    fn topic() -> &'static Topic {
        &topics::PLATFORM_USERS
    }

    fn project(record: &Record) -> Result<Vec<ViewRow>, String> {
        let user: PlatformUser = avro::decode(&record.value).map_err(|error| error.to_string())?;
        if record.key.as_deref() != Some(user.user.as_str().as_bytes()) {
            return Err("the key is not the user's".to_owned());
        }
        Ok(vec![ViewRow {
            table: &USERS,
            partition: vec![Value::text(user.user.as_str())],
            key: vec![],
            columns: vec![
                Value::text(&user.username),
                Value::text(&user.display_name),
                Value::text_or_null(user.avatar_url.as_deref()),
            ],
            time_to_live: None,
        }])
    }
}
