//! Layers of settings and what is wrong with them: values, places, exit codes.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod support;

use std::ffi::OsString;
use std::path::PathBuf;

use shieldwall_core::Metres;
use shieldwall_host::cli::{Scenario, ServerFlags};
use shieldwall_host::config::{ConfigError, HostConfig, Origin};
use shieldwall_host::error::HostError;
use shieldwall_net::secure::SecondLogin;

fn file(name: &str, text: &str) -> PathBuf {
    let path = support::temporary(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn resolve(
    text: Option<(&str, &str)>,
    environment: &[(&str, &str)],
    flags: ServerFlags,
) -> Result<HostConfig, ConfigError> {
    let config = text.map(|(name, text)| file(name, text));
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    HostConfig::resolve(&ServerFlags { config, ..flags }, None, environment)
}

#[test]
fn defaults_serve_the_demo_on_loopback() {
    let config = resolve(None, &[("PATH", "/bin")], ServerFlags::default()).unwrap();
    assert_eq!((config.server.udp_port, config.http.port, config.bots.count), (7777, 8080, 200));
    assert!(config.server.bind.is_loopback());
    assert_eq!(config.world.tick_hz, 60);
}

#[test]
fn the_later_layer_wins() {
    let text = "[server]\nudp_port = 1000\nmax_clients = 50\n[world]\nseed = 5\nhalf_extent_m = 64\n\
                [replication]\ntiers = [{ radius_m = 30, rate_hz = 20 }, { radius_m = 90, rate_hz = 5 }]\n";
    let environment = [("SHIELDWALL_SERVER_UDP_PORT", "2000"), ("SHIELDWALL_WORLD_SEED", "6")];
    let flags = ServerFlags { udp_port: Some(3000), ..ServerFlags::default() };
    let config = resolve(Some(("layers.toml", text)), &environment, flags).unwrap();
    assert_eq!(config.server.udp_port, 3000, "the flag");
    assert_eq!(config.world.seed, 6, "the environment");
    assert_eq!(config.server.max_clients, 50, "the file");
    assert_eq!(config.world.half_extent, Metres::from_m(64));
    assert_eq!(config.replication.tiers.len(), 2);
}

#[test]
fn variables_take_text_numbers_and_tables() {
    let config = resolve(
        None,
        &[
            ("SHIELDWALL_SERVER_BIND", "::1"),
            ("SHIELDWALL_HTTP_ENABLED", "false"),
            ("SHIELDWALL_REPLICATION_TIERS", "[{ radius_m = 40, rate_hz = 10 }]"),
        ],
        ServerFlags::default(),
    )
    .unwrap();
    assert_eq!(config.server.bind.to_string(), "::1");
    assert!(!config.http.enabled);
    assert_eq!(config.replication.tiers[0].rate_hz, 10);
}

#[test]
fn sessions_are_refused_or_replaced_and_wait_as_the_operator_says() {
    let config = resolve(None, &[], ServerFlags::default()).unwrap();
    assert_eq!(
        (config.server.second_login, config.server.require_forward_secrecy),
        (SecondLogin::Refuse, false)
    );
    assert_eq!(config.replication.reconnect_grace_s, 30);
    let text =
        "[server]\nsecond_login = \"replace\"\nreconnect_grace_s = 0\nrequire_forward_secrecy = true\n";
    let config = resolve(Some(("sessions.toml", text)), &[], ServerFlags::default()).unwrap();
    assert_eq!(
        (config.server.second_login, config.server.require_forward_secrecy),
        (SecondLogin::Replace, true)
    );
    assert_eq!(config.replication.reconnect_grace_s, 0);
    for (variable, value) in
        [("SHIELDWALL_SERVER_SECOND_LOGIN", "maybe"), ("SHIELDWALL_SERVER_RECONNECT_GRACE_S", "3601")]
    {
        assert!(resolve(None, &[(variable, value)], ServerFlags::default()).is_err(), "{variable}");
    }
}

#[test]
fn a_ruleset_file_is_named_by_any_layer() {
    let rules = file("layered.rules.toml", "[life]\nhealth_max = 77\n[arms.sword]\nreach_m = 2.000001\n");
    let rules = rules.to_str().unwrap();
    let text = format!("[world]\nrules = \"{rules}\"\n");
    let flags = ServerFlags { rules: Some(rules.into()), ..ServerFlags::default() };
    for config in [
        resolve(Some(("names_rules.toml", &text)), &[], ServerFlags::default()),
        resolve(None, &[("SHIELDWALL_WORLD_RULES", rules)], ServerFlags::default()),
        resolve(None, &[], flags),
    ] {
        let config = config.unwrap();
        assert_eq!(config.world.rules.life.health_max, 77);
        assert_eq!(config.ruleset.path.as_deref(), Some(rules.as_ref()));
        assert_eq!(config.ruleset.warnings.diagnostics.len(), 1);
    }
    let broken = file("broken_layer.rules.toml", "[life]\nhealth = 77\n");
    let text = format!("[world]\nseed = 1\nrules = \"{}\"\n", broken.display());
    let error = resolve(Some(("names_broken.toml", &text)), &[], ServerFlags::default()).unwrap_err();
    let ConfigError::Rules { origin: Origin::File { line: 3, .. }, .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("broken_layer.rules.toml:2:1: error: life.health"), "{error}");
}

#[test]
fn faults_of_form_name_file_and_line() {
    for (name, text, line, part) in [
        ("key.toml", "[server]\n\nudp_prot = 1\n", 3, "udp_prot"),
        ("section.toml", "[sever]\nudp_port = 1\n", 1, "sever"),
        ("type.toml", "[world]\nseed = \"one\"\n", 2, "invalid type"),
        ("syntax.toml", "[world]\nseed = 1\nseed = 2\n", 3, "duplicate"),
        ("range.toml", "[server]\nudp_port = 70000\n", 2, "70000"),
    ] {
        let error = resolve(Some((name, text)), &[], ServerFlags::default()).unwrap_err();
        let ConfigError::Syntax { path, line: found, message } = &error else { panic!("{name}: {error}") };
        assert!(path.ends_with(support::temporary(name).file_name().unwrap()));
        assert_eq!(*found, line, "{name}: {message}");
        assert!(message.contains(part), "{name}: {message}");
    }
}

#[test]
fn values_that_cannot_be_used_say_where_they_stand() {
    let in_file = resolve(Some(("hz.toml", "[world]\n\ntick_hz = 500\n")), &[], ServerFlags::default());
    let Err(ConfigError::Value { key, origin: Origin::File { line, .. }, problem }) = in_file else {
        panic!("{in_file:?}")
    };
    assert_eq!((key, line), ("world.tick_hz", 3));
    assert!(problem.contains("10 to 120"), "{problem}");

    let variable = resolve(None, &[("SHIELDWALL_SERVER_MAX_CLIENTS", "0")], ServerFlags::default());
    assert!(
        matches!(variable, Err(ConfigError::Value { origin: Origin::Environment(_), .. })),
        "{variable:?}"
    );

    let flag = resolve(None, &[], ServerFlags { tick_hz: Some(5), ..ServerFlags::default() });
    assert!(matches!(flag, Err(ConfigError::Value { origin: Origin::Flag("--tick-hz"), .. })), "{flag:?}");

    let tiers = "[replication]\ntiers = [{ radius_m = 90, rate_hz = 5 }, { radius_m = 30, rate_hz = 5 }]\n";
    let tiers = resolve(Some(("tiers.toml", tiers)), &[], ServerFlags::default());
    assert!(matches!(tiers, Err(ConfigError::Value { key: "replication.tiers", .. })), "{tiers:?}");
}

#[test]
fn unknown_variables_and_wrong_types_are_refused() {
    let unknown = resolve(None, &[("SHIELDWALL_SERVER_PROT", "1")], ServerFlags::default());
    assert!(matches!(unknown, Err(ConfigError::UnknownVariable { .. })), "{unknown:?}");
    let text = resolve(None, &[("SHIELDWALL_WORLD_SEED", "many")], ServerFlags::default());
    assert!(matches!(text, Err(ConfigError::Variable { .. })), "{text:?}");
    let smuggled = resolve(None, &[("SHIELDWALL_WORLD_SEED", "1\nteams = 3")], ServerFlags::default());
    assert!(matches!(smuggled, Err(ConfigError::Variable { .. })), "{smuggled:?}");
}

#[test]
fn the_development_key_is_for_loopback_only() {
    let open = ServerFlags { bind: Some("0.0.0.0".parse().unwrap()), ..ServerFlags::default() };
    let refused = resolve(None, &[], open.clone());
    assert!(matches!(refused, Err(ConfigError::DevelopmentKey { origin: Origin::Flag("--bind"), .. })));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("--key-file"), "{text}");
    assert_eq!(HostError::from(resolve(None, &[], open.clone()).unwrap_err()).exit_code(), 3);

    let key = file("server.key", &format!("{}\n", "0f".repeat(32)));
    let keyed = ServerFlags { key_file: Some(key), ..open.clone() };
    // Tokens must name an address, and 0.0.0.0 is none.
    let refused = resolve(None, &[], keyed.clone()).unwrap_err();
    assert!(refused.to_string().contains("--public-address"), "{refused}");
    let address = "203.0.113.5:7777".parse().unwrap();
    let config = resolve(None, &[], ServerFlags { public_addresses: vec![address], ..keyed }).unwrap();
    assert_eq!(config.server.private_key, [0x0f; 32]);
    assert_eq!(config.server.public_addresses, [address]);

    let short = file("short.key", "0f0f");
    let refused = resolve(None, &[], ServerFlags { key_file: Some(short), ..open });
    assert!(matches!(refused, Err(ConfigError::Value { key: "server.private_key_file", .. })), "{refused:?}");
}

#[test]
fn rates_nobody_set_follow_those_somebody_set() {
    for tick_hz in [10, 19, 20, 120] {
        let config = resolve(None, &[], ServerFlags { tick_hz: Some(tick_hz), ..ServerFlags::default() });
        assert_eq!(config.unwrap().replication.snapshot_hz, tick_hz.min(20));
    }
    let text = "[replication]\nsnapshot_hz = 8\n";
    let config = resolve(Some(("rates.toml", text)), &[], ServerFlags::default()).unwrap();
    assert!(config.replication.tiers.iter().all(|tier| tier.rate_hz <= 8));
    let text = "[replication]\nsnapshot_hz = 20\n";
    let slow = ServerFlags { tick_hz: Some(10), ..ServerFlags::default() };
    let refused = resolve(Some(("fast.toml", text)), &[], slow).unwrap_err().to_string();
    assert!(refused.contains("replication.snapshot_hz") && refused.contains("line 2"), "{refused}");
}

#[test]
fn ranges_are_those_the_kernel_takes_and_errors_name_the_place() {
    let world = |name, text: &str| resolve(Some((name, text)), &[], ServerFlags::default());
    for metres in [8, 1_023, 32_000] {
        let config = world("extent.toml", &format!("[world]\nhalf_extent_m = {metres}\n"));
        assert_eq!(config.unwrap().world.half_extent, Metres::from_m(metres));
    }
    for text in ["half_extent_m = 7", "half_extent_m = 32001", "projectile_capacity = 65536", "teams = 9"] {
        let refused = world("ranges.toml", &format!("[world]\n{text}\n")).unwrap_err().to_string();
        assert!(refused.contains("line 2") && refused.contains(" to "), "{refused}");
    }
    let tiers = "[replication]\nsnapshot_hz = 10\ntiers = [{ radius_m = 50, rate_hz = 20 }]\n";
    let refused = world("tier.toml", tiers).unwrap_err().to_string();
    assert!(refused.contains("replication.tiers") && refused.contains("line 3"), "{refused}");
}

#[test]
fn presets_of_interest_are_overruled_by_single_values_and_held_against_the_tick_rate() {
    let file = |text: &str| resolve(Some(("preset.toml", text)), &[], ServerFlags::default());
    let near = file("[replication]\npreset = \"near\"\n").unwrap().replication;
    assert_eq!((near.snapshot_hz, near.tiers[0].rate_hz, near.tiers.len()), (60, 60, 3));
    let flags =
        ServerFlags { interest: Some("dark_ages".to_owned()), occlusion: true, ..ServerFlags::default() };
    let text = "[server]\nreconnect_grace_s = 7\n[replication]\npreset = \"near\"\nstate_check_ms = 500\n";
    let both = resolve(Some(("flag.toml", text)), &[], flags).unwrap().replication;
    assert_eq!(
        (both.snapshot_hz, both.tiers[2].radius, both.reconnect_grace_s),
        (20, Metres::from_m(200), 7)
    );
    assert!(both.occlusion.is_some() && both.state_check_ms == 500 && near.occlusion.is_none());
    let slower = file("[replication]\nsnapshot_hz = 20\npreset = \"blue_marble\"\n").unwrap().replication;
    assert_eq!((slower.snapshot_hz, slower.tiers[0].rate_hz, slower.tiers[2].rate_hz), (20, 20, 2));
    for (text, line) in [
        ("[world]\ntick_hz = 30\n[replication]\npreset = \"blue_marble\"\n", "line 4"),
        ("[replication]\npreset = \"far\"\n", "line 2"),
    ] {
        let refused = file(text).unwrap_err().to_string();
        assert!(refused.contains("replication.preset") && refused.contains(line), "{refused}");
    }
    for text in ["state_check_ms = 100", "occlusion = true\neyes_above_m = 21"] {
        let refused = file(&format!("[replication]\n{text}\n")).unwrap_err().to_string();
        let key = text.split('\n').next_back().unwrap().split(' ').next().unwrap();
        assert!(refused.contains(key), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn variables_that_are_no_text_matter_only_when_they_are_ours() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = || OsString::from_vec(vec![0xff, 0xfe]);
    let with =
        |name: OsString| HostConfig::resolve(&ServerFlags::default(), None, std::iter::once((name, bytes())));
    assert!(with("OTHER".into()).is_ok() && with(bytes()).is_ok());
    let refused = with("SHIELDWALL_WORLD_SEED".into());
    assert!(matches!(refused, Err(ConfigError::Variable { .. })), "{refused:?}");
}

#[test]
fn limits_nobody_set_grow_with_the_bots() {
    let none = std::iter::empty;
    let config = HostConfig::resolve(&ServerFlags::default(), Some(5_000), none()).unwrap();
    assert!(config.server.max_clients >= 5_000 && config.world.character_capacity >= 5_000);
    let flags = ServerFlags { max_clients: Some(10), ..ServerFlags::default() };
    let config = HostConfig::resolve(&flags, Some(5_000), none()).unwrap();
    assert_eq!(config.server.max_clients, 10, "a limit that was set stays");
}

#[test]
fn a_missing_file_is_named() {
    let flags = ServerFlags { config: Some(PathBuf::from("/nowhere/at.toml")), ..ServerFlags::default() };
    let error = HostConfig::resolve(&flags, None, std::iter::empty()).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at.toml"), "{error}");
}

#[test]
fn as_many_clients_as_are_allowed_find_a_zone() {
    let flags = ServerFlags { max_clients: Some(16_384), ..ServerFlags::default() };
    let config = resolve(None, &[], flags).unwrap();
    assert!(config.world.event_capacity >= 2 * 16_384, "a spawn and a despawn of everybody");
    config.world.validate().unwrap();
    let text = "[replication]\ndown_budget_bytes_per_s = 4479\n";
    let refused = resolve(Some(("budget.toml", text)), &[], ServerFlags::default()).unwrap_err().to_string();
    assert!(refused.contains("down_budget_bytes_per_s") && refused.contains("6400"), "{refused}");
}

#[test]
fn the_demo_plays_in_the_fort_and_others_do_not_unless_told() {
    let sections = |config: &HostConfig| config.scenery.sections.len();
    let none = || std::iter::empty();
    let demo = HostConfig::resolve_demo(&ServerFlags::default(), None, Scenario::Siege, none()).unwrap();
    assert!(sections(&demo) > 20 && demo.mixed_classes);
    let serve = HostConfig::resolve(&ServerFlags::default(), None, none()).unwrap();
    assert!(sections(&serve) == 0 && !serve.mixed_classes);
    let flags = ServerFlags { terrain: Some("none".into()), ..ServerFlags::default() };
    assert_eq!(sections(&HostConfig::resolve_demo(&flags, None, Scenario::Siege, none()).unwrap()), 0);
    let by_file = resolve(Some(("fort.toml", "[world]\nscenery = \"fort\"\n")), &[], ServerFlags::default());
    assert_eq!(sections(&by_file.unwrap()), sections(&demo));
    let variable = [("SHIELDWALL_WORLD_SCENERY", "fort")];
    assert_eq!(sections(&resolve(None, &variable, ServerFlags::default()).unwrap()), sections(&demo));
    let unknown = ServerFlags { terrain: Some("castle".into()), ..ServerFlags::default() };
    assert!(HostConfig::resolve_demo(&unknown, None, Scenario::Siege, none()).is_err());
}

#[test]
fn a_scenario_says_where_the_bots_meet_and_settings_win() {
    let demo = |flags: &ServerFlags, scenario| {
        HostConfig::resolve_demo(flags, None, scenario, std::iter::empty()).expect("a good configuration")
    };
    let plain = ServerFlags::default();
    let (siege, crowd, spread) =
        (demo(&plain, Scenario::Siege), demo(&plain, Scenario::Crowd), demo(&plain, Scenario::Spread));
    assert_eq!(siege.world, shieldwall_core::WorldConfig { seed: 1, ..siege.world });
    assert!(siege.scenery.sections.len() > 20 && crowd.scenery.sections.is_empty());
    let reach = |config: &HostConfig| {
        let life = &config.world.rules.life;
        (life.spawn_ring.0 + life.spawn_width.0 / 2) >> 16
    };
    assert_eq!((reach(&crowd), reach(&spread)), (24, 500));
    assert!(spread.world.half_extent.0 >> 16 >= 500 && spread.world.validate().is_ok());
    let fort = ServerFlags { terrain: Some("fort".into()), ..ServerFlags::default() };
    assert!(demo(&fort, Scenario::Crowd).scenery.sections.len() > 20);
    // A field that was set is not left.
    let text = "[world]\nhalf_extent_m = 100\n";
    let path = std::env::temp_dir().join(format!("shieldwall-scenario-{}.toml", std::process::id()));
    std::fs::write(&path, text).expect("a writable folder");
    let small = demo(&ServerFlags { config: Some(path.clone()), ..ServerFlags::default() }, Scenario::Spread);
    std::fs::remove_file(&path).expect("just written");
    assert_eq!((small.world.half_extent.0 >> 16, reach(&small)), (100, 99));
}
