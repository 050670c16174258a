//! What the core tells of itself, for whoever measures it.

use std::collections::BTreeMap;

use musclemap_platform::ports::Record;
use musclemap_platform::runner::Options;

use crate::records::{caused_by, charged, command, control, start};
use crate::run::{Run, Table};

fn of_every_kind() -> Vec<Record> {
    vec![
        control(0, Some(2), None),
        caused_by(command(1, "ann", "add 1"), 3, 7, 0),
        caused_by(command(2, "ann", "add 1"), 3, 7, 0),
        command(3, "ann", "?"),
        command(4, "ann", "add 2"),
    ]
}

fn handled(run: &mut Run) -> BTreeMap<&'static str, u64> {
    run.core.take_handled().map(|(handled, count)| (handled.name(), count)).collect()
}

#[test]
fn records_are_counted_once_as_what_they_were() {
    let mut before = Run::from(start(), Options::default(), Table::new());
    before.read(of_every_kind()).loaded("ann").rest();
    let first = [("control", 1), ("decided", 2), ("dropped", 1), ("poison", 1)];
    assert_eq!(handled(&mut before), first.into());
    assert_eq!(handled(&mut before), BTreeMap::new());

    let mut after = Run::from(start(), Options::default(), before.table.clone());
    after.read(of_every_kind()).rest();
    let again = [("control", 1), ("dropped", 1), ("poison", 1), ("repeated", 2)];
    assert_eq!(handled(&mut after), again.into());
}

#[test]
fn the_last_output_that_a_command_waits_for_has_the_commands_time() {
    let mut run = Run::new();
    run.read(vec![charged(command(0, "ann", "?"), 77), command(1, "ann", "?")]);
    let awaited = |run: &Run| (run.core.awaits_one_output(0), run.core.awaits_one_output(1));
    assert_eq!(awaited(&run), (None, Some(1_000)));
    run.acknowledged(0);
    assert_eq!(awaited(&run), (Some(0), Some(1_000)));
    run.acknowledged(0).acknowledged(1);
    assert_eq!(awaited(&run), (None, None));
}

#[test]
fn what_is_settled_goes_before_the_checkpoint_which_has_the_time_of_what_it_passes() {
    let mut run = Run::new();
    run.read(vec![command(0, "ann", "add 1"), command(1, "ann", "add 2")]).loaded("ann");
    assert_eq!(run.core.settled(), 0);
    run.rest();
    assert_eq!(run.core.settled(), 2);
    run.tick();
    run.read(vec![command(2, "ann", "add 3")]);
    run.checkpointed();
    assert_eq!((run.core.checkpointed(), run.core.checkpointed_time()), (2, 1_000));
}
