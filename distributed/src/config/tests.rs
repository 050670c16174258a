//! What is given, and what comes of it.

use graphql::VapidPublicKey;

use super::*;

fn with(variables: &[(&str, &str)]) -> Result<Config> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(config::load(DEFAULTS, None, variables, &[])?)
}

#[test]
fn the_documented_defaults_are_those_of_the_code() {
    let config = with(&[]).unwrap();
    assert_eq!(format!("{:?}", config.runner()), format!("{:?}", runner::Options::default()));
    assert_eq!(format!("{:?}", config.ingest()), format!("{:?}", ingest::Options::default()));
    assert_eq!(format!("{:?}", config.fanout()), format!("{:?}", fanout::Options::default()));
    let (serving, of_the_code) = (config.serving().unwrap(), Serving::default());
    assert_eq!(format!("{:?}", serving.connections), format!("{:?}", of_the_code.connections));
    assert_eq!(serving.proxies, of_the_code.proxies);
    assert!(serving.tls.is_none() && config.admin.listen.ip().is_loopback());
    let kafka = kafka::Config::new("127.0.0.1:9092", "x");
    assert_eq!(format!("{:?}", config.kafka("x")), format!("{kafka:?}"));
    let tables = scylla_tables::Config::new("127.0.0.1:9042");
    assert_eq!(format!("{:?}", config.tables()), format!("{tables:?}"));
    let translation = translation::Settings::default();
    assert_eq!(format!("{:?}", config.translation()), format!("{translation:?}"));
    let redis = redis_ephemeral::Config::new("127.0.0.1:6379");
    assert_eq!(format!("{:?}", config.redis()), format!("{redis:?}"));
}

#[test]
fn passwords_of_servers_are_used_and_not_shown() {
    let given = [
        ("MM_KAFKA__PASSWORD", "hush-1"),
        ("MM_TABLES__PASSWORD", "hush-2"),
        ("MM_REDIS__PASSWORD", "hush-3"),
        ("MM_TRANSLATION__KEY", "hush-4"),
    ];
    let config = with(&given).unwrap();
    assert_eq!(config.kafka("x").security.password.expose(), Some("hush-1"));
    assert_eq!(config.tables().password.expose(), Some("hush-2"));
    assert_eq!(config.redis().password.expose(), Some("hush-3"));
    assert_eq!(config.translation().key.expose(), Some("hush-4"));
    let shown = [toml::to_string(&config).unwrap(), format!("{config:?}")];
    assert!(shown.iter().all(|shown| !shown.contains("hush")), "{shown:?}");
}

#[tokio::test]
async fn a_model_is_asked_where_one_is_named_and_its_key_is_not_shown() {
    assert!(with(&[]).unwrap().services().unwrap().completions.is_none());
    let named = ("MM_SMART_REPLIES__URL", "https://api.example/v1");
    let config = with(&[named, ("MM_SMART_REPLIES__KEY", "hush")]).unwrap();
    assert!(config.services().unwrap().completions.is_some());
    let shown = [toml::to_string(&config).unwrap(), format!("{config:?}")];
    assert!(shown.iter().all(|shown| !shown.contains("hush")), "{shown:?}");
    for wrong in
        [vec![("MM_SMART_REPLIES__URL", "api")], vec![named, ("MM_SMART_REPLIES__NETWORKS", "inside")]]
    {
        assert!(with(&wrong).unwrap().services().is_err(), "{wrong:?}");
    }
}

#[test]
fn nobody_signs_in_without_keys_and_anybody_only_on_loopback() {
    let secret = "ab".repeat(32);
    let access = |variables: &[(&str, &str)]| with(variables).unwrap().access().is_ok();
    assert!(!access(&[]));
    assert!(access(&[("MM_AUTH__DEVELOPMENT_SECRET", &secret)]));
    assert!(!access(&[("MM_AUTH__DEVELOPMENT_SECRET", "ab")]));
    assert!(!access(&[("MM_AUTH__DEVELOPMENT_SECRET", &secret), ("MM_HTTP__LISTEN", "0.0.0.0:80")]));
    assert!(!access(&[("MM_AUTH__KEYS", "/nowhere/at/all")]));
}

#[test]
fn log_in_without_a_password_is_off_unless_told() {
    let secret = "ab".repeat(32);
    let given = [("MM_AUTH__DEVELOPMENT_SECRET", secret.as_str()), ("MM_AUTH__DEV_LOGIN", "true")];
    assert!(!with(&given[..1]).unwrap().access().unwrap().dev_login);
    assert!(with(&given).unwrap().access().unwrap().dev_login);
    assert!(with(&given[1..]).unwrap().access().is_err());
    let keys = [("MM_AUTH__KEYS", "keys.json"), given[1]];
    let said = format!("{:#}", with(&keys).unwrap().access().err().unwrap());
    assert!(said.contains("dev_login"), "{said}");
}

#[test]
fn half_of_tls_and_proxies_that_are_no_networks_are_errors() {
    for given in [
        ("MM_TLS__CERTIFICATE", "a.pem"),
        ("MM_TLS__KEY", "a.key"),
        ("MM_HTTP__TRUSTED_PROXIES", "proxy.example"),
    ] {
        assert!(with(&[given]).unwrap().serving().is_err(), "{given:?}");
    }
}

#[test]
fn push_services_on_this_machine_are_for_development_alone() {
    let (key, secret) = ("7e".repeat(32), "ab".repeat(32));
    let pushes = |variables: &[(&str, &str)]| {
        let variables = [&[("MM_PUSH__VAPID_KEY", key.as_str())], variables].concat();
        with(&variables).unwrap().pushes()
    };
    let settings = pushes(&[("MM_PUSH__CONTACT", "mailto:push@site.example")]).unwrap();
    assert!(settings.development.is_empty());
    assert_eq!(settings.contact.as_deref(), Some("mailto:push@site.example"));
    let development = ("MM_AUTH__DEVELOPMENT_SECRET", secret.as_str());
    for given in [
        ("MM_PUSH__DEVELOPMENT_NETWORKS", "127.0.0.0/8"),
        ("MM_PUSH__DEVELOPMENT_PORTS", "8443"),
        ("MM_PUSH__DEVELOPMENT_NAME_SERVERS", "127.0.0.1:53"),
        ("MM_PUSH__DEVELOPMENT_AUTHORITIES", "ca.pem"),
    ] {
        assert!(pushes(&[given]).is_err(), "{given:?}");
        assert!(pushes(&[given, development]).is_ok(), "{given:?}");
        assert!(pushes(&[given, development, ("MM_HTTP__LISTEN", "0.0.0.0:80")]).is_err(), "{given:?}");
    }
    assert!(with(&[]).unwrap().pushes().is_err(), "no key");
}

#[test]
fn a_translator_is_named_whole_or_nobody_translates() {
    let given = [
        ("MM_TRANSLATION__PROVIDER", "deepl"),
        ("MM_TRANSLATION__URL", "https://api.deepl.com"),
        ("MM_TRANSLATION__KEY", "hush"),
    ];
    let translator = |given: &[(&str, &str)]| with(given).unwrap().translation().translator();
    assert!(translator(&[]).unwrap().is_none());
    assert!(translator(&given).unwrap().is_some());
    assert!(translator(&given[..2]).is_err() && translator(&given[..1]).is_err());
}

#[test]
fn web_push_has_the_key_of_a_curve_or_none() {
    let keys = |key: &str| {
        let conversations = "ab".repeat(32);
        with(&[("MM_CONVERSATIONS__KEY", &conversations), ("MM_PUSH__VAPID_KEY", key)])
            .unwrap()
            .deployment_keys()
    };
    assert_eq!(keys("").unwrap().vapid, None);
    assert_eq!(keys(&"7e".repeat(32)).unwrap().vapid, Some(VapidPublicKey::of(&[0x7e; 32]).unwrap()));
    for malformed in ["7e".to_owned(), "00".repeat(32), "ff".repeat(32), "zz".repeat(32)] {
        assert!(keys(&malformed).is_err(), "{malformed}");
    }
}
