//! Calls of the port as commands and scripts.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::ports::ephemeral::{check_bytes, check_keys};
use platform::ports::{Ephemeral, EphemeralError, Subscription};
use redis::{FromRedisValue, Script, ScriptInvocation};

use crate::Redis;

/// KEYS: the key. ARGV: whether a value is expected, which, whether there is a new one, which, its milliseconds.
static COMPARE_AND_SET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local current = redis.call('GET', KEYS[1])
        if ARGV[1] == '1' then
            if current ~= ARGV[2] then return 0 end
        elseif current then
            return 0
        end
        if ARGV[3] == '1' then
            redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
        else
            redis.call('DEL', KEYS[1])
        end
        return 1",
    )
});

/// KEYS: the counter. ARGV: what is added, milliseconds.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
        if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return sum",
    )
});

/// KEYS: the queue. ARGV: now, the new deadline, how many.
static DUE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
        for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
        return due",
    )
});

impl Redis {
    async fn run_script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, EphemeralError> {
        let mut connection = self.connections.get().await?;
        let answer = script.invoke_async(&mut connection.commands).await;
        answer.map_err(|error| self.connections.failed(&connection, error))
    }

    async fn run_command<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, EphemeralError> {
        let mut connection = self.connections.get().await?;
        let answer = command.query_async(&mut connection.commands).await;
        answer.map_err(|error| self.connections.failed(&connection, error))
    }
}

/// At least one, as the server takes no time of 0.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[async_trait]
impl Ephemeral for Redis {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, EphemeralError> {
        check_keys(keys)?;
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let mut command = redis::cmd("MGET");
        keys.iter().for_each(|key| {
            command.arg(self.name(key));
        });
        self.run_command(&command).await
    }

    async fn set(&self, key: &str, value: Bytes, time_to_live: Duration) -> Result<(), EphemeralError> {
        check_bytes(&value)?;
        let mut command = redis::cmd("SET");
        command.arg(self.name(key)).arg(&value[..]).arg("PX").arg(milliseconds(time_to_live));
        self.run_command(&command).await
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&Bytes>,
        new: Option<(Bytes, Duration)>,
    ) -> Result<bool, EphemeralError> {
        new.iter().try_for_each(|(value, _)| check_bytes(value))?;
        let (value, time_to_live) = new
            .as_ref()
            .map_or((&[][..], 1), |(value, time_to_live)| (&value[..], milliseconds(*time_to_live)));
        let mut script = COMPARE_AND_SET.prepare_invoke();
        script
            .key(self.name(key))
            .arg(i32::from(expected.is_some()))
            .arg(expected.map_or(&[][..], |expected| &expected[..]))
            .arg(i32::from(new.is_some()))
            .arg(value)
            .arg(time_to_live);
        self.run_script(&script).await
    }

    async fn add(&self, counter: &str, by: i64, time_to_live: Duration) -> Result<i64, EphemeralError> {
        let mut script = ADD.prepare_invoke();
        script.key(self.name(counter)).arg(by).arg(milliseconds(time_to_live));
        self.run_script(&script).await
    }

    async fn schedule(&self, queue: &str, member: &str, deadline: Option<i64>) -> Result<(), EphemeralError> {
        // An absent deadline is no argument.
        let mut command = redis::cmd(if deadline.is_some() { "ZADD" } else { "ZREM" });
        command.arg(self.name(queue)).arg(deadline).arg(member);
        self.run_command::<i64>(&command).await.map(|_| ())
    }

    async fn due(
        &self,
        queue: &str,
        now: i64,
        again_at: i64,
        most: usize,
    ) -> Result<Vec<String>, EphemeralError> {
        let mut script = DUE.prepare_invoke();
        script.key(self.name(queue)).arg(now).arg(again_at).arg(most);
        self.run_script(&script).await
    }

    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), EphemeralError> {
        check_bytes(&message)?;
        let mut command = redis::cmd("PUBLISH");
        command.arg(self.name(channel)).arg(&message[..]);
        self.run_command::<i64>(&command).await.map(|_| ())
    }

    fn subscribe(&self, channel: &'static str) -> Subscription {
        self.channels.subscribe(channel)
    }
}
