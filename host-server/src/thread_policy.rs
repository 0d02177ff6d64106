//! Which threads the system lets run first.
//!
//! In here: real time for the threads that a tick waits for, and little for bots in the same process. What the system refuses
//! is told and lived without. Not in here: which threads there are (`host.rs`, `simulation.rs`, `bots`).

/// How much nicer bots are than the rest of the process.
const BOT_NICENESS: i32 = 12;

/// Threads that a tick waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RealTime {
    /// Steps the world and makes packets.
    Simulation,
    /// Sends and receives. Goes first: what it has to do is short, it takes breath while datagrams do not end, and a simulation
    /// that is late must not keep it from its clients.
    Network,
}

/// Lets the calling thread run before all that have the system's usual policy, also where the processors are full. Whether the
/// system grants that: on Linux it takes `CAP_SYS_NICE` or a limit (`ulimit -r`) of 2 and more.
#[cfg(target_os = "linux")]
pub fn run_in_real_time(role: RealTime) -> bool {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let level: u8 = match role {
        RealTime::Simulation => 1,
        RealTime::Network => 2,
    };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let Ok(level) = ThreadPriorityValue::try_from(level) else { return false };
    let set =
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(level), policy);
    if let Err(error) = &set {
        tracing::info!(?role, %error, "runs like other programs: the system grants no real time");
    }
    set.is_ok()
}

/// As above; other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub fn run_in_real_time(_: RealTime) -> bool {
    false
}

/// Lets a thread of a crowd that fills processors run only where the server has nothing to do: being nicer alone it would still
/// hold up a waking tick for some milliseconds. Where that cannot be done, bots are a heavier load.
#[cfg(target_os = "linux")]
pub fn take_what_is_left() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
        tracing::debug!(%error, "bots compete with the server for the processor");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn take_what_is_left() {}

/// Makes the calling thread nicer than the rest of the process. Where that cannot be done, bots are a heavier load.
#[cfg(unix)]
pub fn lower_priority() {
    use rustix::process::{getpriority_process, setpriority_process};
    // On Linux "no process" means the calling thread.
    let lowered = getpriority_process(None).and_then(|nice| setpriority_process(None, nice + BOT_NICENESS));
    if let Err(error) = lowered {
        tracing::debug!(%error, "bots keep the normal priority");
    }
}

#[cfg(not(unix))]
pub fn lower_priority() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use thread_priority::{RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};

    #[test]
    fn what_is_granted_is_what_the_thread_has() {
        let round_robin = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
        for role in [RealTime::Simulation, RealTime::Network] {
            // A thread of its own: others of the test must not run in real time.
            let thread = std::thread::spawn(move || (run_in_real_time(role), thread_schedule_policy()));
            let (granted, policy) = thread.join().expect("it does not panic");
            assert_eq!(granted, policy == Ok(round_robin), "{policy:?}");
        }
    }
}
