//! Notification settings of a user: what notifies them, how, and when not.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

/// Minutes of a day.
pub const DAY_MINUTES: i32 = 24 * 60;

/// Settings of an account; part of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Notifications {
    /// Whether messages notify at all.
    pub messaging_enabled: bool,
    /// Off: notifications are silent.
    pub messaging_sound: bool,
    /// Off: a notification has no content of the message.
    pub messaging_preview: bool,
    pub email_enabled: bool,
    pub quiet_hours: Option<QuietHours>,
    /// Name of the zone of the quiet hours in the IANA database.
    pub time_zone: String,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            messaging_enabled: true,
            messaging_sound: true,
            messaging_preview: true,
            email_enabled: false,
            quiet_hours: None,
            time_zone: "UTC".to_owned(),
        }
    }
}

/// A part of every day without notifications, in minutes since midnight on the wall clock. It crosses midnight
/// if its end is before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct QuietHours {
    pub start: i32,
    pub end: i32,
}

/// Request to an account: change its notification settings; what is absent stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UpdateNotifications {
    pub messaging_enabled: Option<bool>,
    pub messaging_sound: Option<bool>,
    pub messaging_preview: Option<bool>,
    pub email_enabled: Option<bool>,
    pub quiet_hours: Option<SetQuietHours>,
    pub time_zone: Option<String>,
}

/// What the quiet hours become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SetQuietHours {
    /// Absent: none.
    pub hours: Option<QuietHours>,
}

/// Fact of an account: its notification settings have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct NotificationsChanged {
    /// All of them as they stand.
    pub notifications: Notifications,
}
