//! To *grade*: one submission is copied, built, and put to every check of an exam.

use super::exam::{self, Exam};
use super::inside::{CONDITIONS, Conditions, RESULT, Ran, cut, folder_name};
use super::sandbox::{Place, quote, write_etc};
use super::submission::{Commands, Kind, Submission};
use super::{building, interrupt, limits, processes};
use crate::outcome::{Build, Checked, FORMAT, Outcome, Status};
use crate::rubric::Check;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// How often the results of running checks are looked for.
const LOOK: Duration = Duration::from_millis(40);

/// What is shown of nextest's own words when it fails.
const NEXTEST_WORDS_MAX: usize = 2000;

/// Without networks of their own, programs with a port in their code would be in each other's way.
static FIXED_PORTS: Mutex<()> = Mutex::new(());

/// What is told while a submission is graded: the outcome so far, and the number of the check that it is news of.
pub type Tell<'a> = &'a mut dyn FnMut(&Outcome, Option<usize>) -> anyhow::Result<()>;

/// Grades the submission in `folder`, with `work`, which must not exist, for its files.
///
/// `raw` is the folder for nextest's own results. `submitted` is when it was handed in, if that is known better than
/// by its files.
///
/// # Errors
/// If the machine fails. A submission can't.
pub fn grade(
    exam: &Exam,
    folder: &Path,
    work: &Path,
    raw: Option<&Path>,
    submitted: Option<DateTime<Utc>>,
    tell: Tell<'_>,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let mut outcome = empty_outcome(exam, folder, submitted);
    exam.runner.folder(work, false)?;
    let graded = Grading { exam, work, raw, started }.run(&mut outcome, folder, tell);
    let _ = fs::remove_dir_all(work);
    graded?;
    outcome.graded = Utc::now();
    outcome.seconds = started.elapsed().as_secs_f64();
    tell(&outcome, None)?;
    Ok(outcome)
}

fn empty_outcome(exam: &Exam, folder: &Path, submitted: Option<DateTime<Utc>>) -> Outcome {
    let name = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let checks = exam.rubric.checks.iter().map(|check| Checked {
        check: check.clone(),
        status: Status::Skipped,
        diagnosis: None,
        report: Outcome::NOT_RUN.to_owned(),
        seconds: 0.0,
    });
    let mut remarks = Vec::new();
    if let Some(why) = &exam.no_sandbox {
        remarks.push(format!("graded without a sandbox: {why}"));
    }
    let newest = Submission::time(folder);
    if let Some(newest) = newest.filter(|newest| submitted.is_some_and(|submitted| *newest > submitted)) {
        let newest = newest.format("%Y-%m-%d %H:%M UTC");
        remarks.push(format!("a file of {newest} is newer than what was graded first"));
    }
    Outcome {
        format: FORMAT,
        lab: exam.lab.clone(),
        submission: name.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        submitted: submitted.or(newest),
        graded: Utc::now(),
        seed: exam.seed,
        isolated: exam.no_sandbox.is_none(),
        remarks,
        build: None,
        answers: crate::answers::grade(folder, &exam.lab),
        checks: checks.collect(),
        seconds: 0.0,
    }
}

struct Grading<'a> {
    exam: &'a Exam,
    work: &'a Path,
    raw: Option<&'a Path>,
    started: Instant,
}

impl Grading<'_> {
    fn run(&self, outcome: &mut Outcome, folder: &Path, tell: Tell<'_>) -> anyhow::Result<()> {
        let submission = match Submission::find(folder, &self.exam.lab) {
            Ok(submission) => submission,
            Err(error) => return self.nothing_found(outcome, &error, tell),
        };
        let files = self.work.join("files");
        match submission.copy(&files) {
            Ok(remarks) => outcome.remarks.extend(remarks),
            Err(error) => return self.nothing_found(outcome, &error, tell),
        }
        outcome.remarks.extend(super::changes::remarks(self.exam, &submission));
        exam_readable(self, &files)?;
        let _fixed_ports = match &submission.kind {
            Kind::Commands(_, commands) if !self.exam.own_networks && !takes_a_port(commands) => {
                Some(FIXED_PORTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
            }
            _ => None,
        };
        let conditions = match &submission.kind {
            Kind::Source(_) => {
                let programs = self.work.join("programs");
                let build = building::build_source(self.exam, &files, self.work, &programs)?;
                if interrupt::requested() {
                    return Ok(());
                }
                let built: Vec<&str> = self.exam.programs.iter().map(String::as_str).collect();
                let (built, absent): (Vec<_>, Vec<_>) =
                    built.into_iter().partition(|name| programs.join(name).is_file());
                let why = not_built(&build);
                if !build.ok && !built.is_empty() {
                    outcome.remarks.push(format!("not built: `{}`", absent.join("`, `")));
                }
                outcome.build = Some(build);
                if built.is_empty() {
                    return self.nothing_to_run(outcome, &why, tell);
                }
                self.conditions_of_source(&programs, &absent, &why)?
            }
            Kind::Commands(_, commands) => {
                if let Some(address) = foreign_address(commands).filter(|address| !self.has(*address)) {
                    let why = format!(
                        "`run.toml` names the address {address}, which only a sandbox has here; install `bubblewrap`"
                    );
                    outcome.remarks.push(why.clone());
                    return self.nothing_known(outcome, &why, tell);
                }
                if let Some(line) = &commands.build {
                    self.exam.runner.give(&files)?;
                    let build = building::build_folder(self.exam, &files, line)?;
                    if interrupt::requested() {
                        return Ok(());
                    }
                    let (ok, why) = (build.ok, not_built(&build));
                    outcome.build = Some(build);
                    if !ok {
                        return self.nothing_to_run(outcome, &why, tell);
                    }
                }
                self.conditions_of_commands(&files, commands, &mut outcome.remarks)?
            }
        };
        tell(outcome, None)?;
        let path = self.work.join("conditions.json");
        fs::write(&path, serde_json::to_string(&conditions).context("failed to write JSON")?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
        self.run_checks(outcome, &conditions, tell)
    }

    /// Ends a submission of which nothing was found, or of which it is not known: then nobody is to blame but this machine.
    fn nothing_found(
        &self,
        outcome: &mut Outcome,
        error: &anyhow::Error,
        tell: Tell<'_>,
    ) -> anyhow::Result<()> {
        let why = format!("{error:#}");
        if !error.chain().any(<dyn std::error::Error>::is::<std::io::Error>) {
            let first = why.lines().next().unwrap_or_default();
            outcome.remarks.push(format!("{}{first}", Outcome::NOTHING_FOUND));
            return self.nothing_starts(outcome, &why, tell);
        }
        outcome.remarks.push(format!("the submission could not be read: {why}"));
        self.nothing_known(outcome, &why, tell)
    }

    /// Ends a submission of which this machine can find out nothing.
    fn nothing_known(&self, outcome: &mut Outcome, why: &str, tell: Tell<'_>) -> anyhow::Result<()> {
        for checked in &mut outcome.checks {
            (checked.status, checked.report) = (Status::GraderError, why.to_owned());
        }
        tell(outcome, None)
    }

    /// True if programs can listen at an address here.
    fn has(&self, address: IpAddr) -> bool {
        self.exam.own_networks || UdpSocket::bind((address, 0)).is_ok()
    }

    /// Ends a submission of which nothing can be started.
    fn nothing_to_run(&self, outcome: &mut Outcome, why: &str, tell: Tell<'_>) -> anyhow::Result<()> {
        let first = why.lines().next().unwrap_or_default().trim_end_matches(':');
        outcome.remarks.push(format!("nothing could be started: {first}"));
        self.nothing_starts(outcome, why, tell)
    }

    /// Gives every check the status of a program that did not start.
    fn nothing_starts(&self, outcome: &mut Outcome, why: &str, tell: Tell<'_>) -> anyhow::Result<()> {
        for number in 0..outcome.checks.len() {
            if self.skip(outcome, number) {
                continue;
            }
            let checked = &mut outcome.checks[number];
            checked.status = Status::DidNotStart;
            checked.report = cut(why, limits::REPORT_BYTES_MAX);
        }
        tell(outcome, None)
    }

    /// Skips a check if one that it needs has come to an end without passing. True if it did.
    fn skip(&self, outcome: &mut Outcome, number: usize) -> bool {
        let needs = outcome.checks[number].check.needs.clone();
        let needed = |name: &String| outcome.checks.iter().find(|checked| checked.check.test == *name);
        let failed =
            needs.iter().filter_map(needed).find(|needed| needed.is_over() && needed.status != Status::Pass);
        let Some(failed) = failed else { return false };
        // What the grader could not find out, it does not know here either.
        let status = if failed.status == Status::GraderError { Status::GraderError } else { Status::Skipped };
        let report = format!("skipped: it needs `{}`, which did not pass", failed.check.test);
        let checked = &mut outcome.checks[number];
        (checked.status, checked.report) = (status, report);
        true
    }

    fn conditions(
        &self,
        environment: Vec<(String, String)>,
        address: Option<String>,
        fixed_port: bool,
    ) -> anyhow::Result<Conditions> {
        let checks = self.work.join("checks");
        self.exam.runner.folder(&checks, false)?;
        let mut environment = environment;
        environment.extend([
            ("LAB_SEED".to_owned(), self.exam.seed.to_string()),
            ("LAB_PATIENCE".to_owned(), limits::PATIENCE.as_secs().to_string()),
        ]);
        let (own_network, drop_to) = (self.exam.own_networks, self.exam.runner.user());
        Ok(Conditions { checks, environment, address, own_network, fixed_port, drop_to })
    }

    /// Makes the folder of scripts that `LAB_PROGRAMS` names.
    fn scripts(&self, scripts: &[(String, String)]) -> anyhow::Result<PathBuf> {
        let folder = self.work.join("scripts");
        self.exam.runner.folder(&folder, false)?;
        for (name, script) in scripts {
            let path = folder.join(name);
            fs::write(&path, script)
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
                .with_context(|| format!("failed to write `{}`", path.display()))?;
        }
        Ok(folder)
    }

    fn conditions_of_source(
        &self,
        programs: &Path,
        absent: &[&str],
        why: &str,
    ) -> anyhow::Result<Conditions> {
        let place = self.place(self.exam.etc(), programs, false);
        let scripts: Vec<(String, String)> = self
            .exam
            .programs
            .iter()
            .map(|name| {
                if absent.contains(&name.as_str()) {
                    return (name.clone(), refusal(&format!("`{name}` was not built: {why}")));
                }
                let own = if place.isolated {
                    format!("/submission/{name}")
                } else {
                    programs.join(name).display().to_string()
                };
                (name.clone(), place.script(&[&own]))
            })
            .collect();
        let folder = self.scripts(&scripts)?;
        self.conditions(vec![("LAB_PROGRAMS".to_owned(), folder.display().to_string())], None, false)
    }

    fn conditions_of_commands(
        &self,
        files: &Path,
        commands: &Commands,
        remarks: &mut Vec<String>,
    ) -> anyhow::Result<Conditions> {
        let isolated = self.exam.no_sandbox.is_none();
        if !isolated && !commands.hosts.is_empty() {
            remarks.push("without a sandbox, `hosts` of `run.toml` has no effect".to_owned());
        }
        let host =
            commands.address.filter(|address| !address.is_unspecified()).map(|address| address.to_string());
        let names = commands
            .hosts
            .iter()
            .map(|name| (host.clone().unwrap_or_else(|| "127.0.0.1".to_owned()), name.clone()));
        let etc = self.work.join("etc");
        write_etc(&etc, self.exam.runner, &names.collect::<Vec<_>>())?;
        let place = self.place(&etc, files, true);
        let filled = |line: &str| {
            let line = host.as_ref().map_or_else(|| line.to_owned(), |host| line.replace("{host}", host));
            commands.port.map_or_else(|| line.clone(), |port| line.replace("{port}", &port.to_string()))
        };
        let mut scripts = Vec::new();
        for name in &self.exam.programs {
            let role = if name.ends_with("-client") { "client" } else { "server" };
            let line = if role == "client" { &commands.client } else { &commands.server };
            let line = line.as_deref().map(filled);
            scripts.push((name.clone(), own_words(&place, role, line.as_deref())));
        }
        for (role, line) in [("server", &commands.server), ("client", &commands.client)] {
            let script = match line {
                Some(_) => place.script(&[]),
                None => not_named(role),
            };
            scripts.push((role.to_owned(), script));
        }
        let folder = self.scripts(&scripts)?;
        let template = |role: &str, line: &Option<String>| match line {
            Some(line) => format!("{} {}", quote(&folder.join(role).display().to_string()), filled(line)),
            None => format!("{} {{args}}", quote(&folder.join(role).display().to_string())),
        };
        let mut environment = vec![
            ("LAB_PROGRAMS".to_owned(), folder.display().to_string()),
            ("LAB_SERVER".to_owned(), template("server", &commands.server)),
            ("LAB_CLIENT".to_owned(), template("client", &commands.client)),
        ];
        environment.extend(commands.port.map(|port| ("LAB_PORT".to_owned(), port.to_string())));
        environment.extend(host.map(|host| ("LAB_ADDRESS".to_owned(), host)));
        let address = foreign_address(commands).map(|address| address.to_string());
        self.conditions(environment, address, !takes_a_port(commands))
    }

    fn place<'p>(&'p self, etc: &'p Path, files: &'p Path, copy: bool) -> Place<'p> {
        Place {
            etc,
            files,
            copy,
            usual_folder: &self.exam.tree,
            isolated: self.exam.no_sandbox.is_none(),
            own_user: self.exam.runner.user().is_some(),
        }
    }

    /// Runs the checks in waves: each has those of which all needs have passed.
    fn run_checks(
        &self,
        outcome: &mut Outcome,
        conditions: &Conditions,
        tell: Tell<'_>,
    ) -> anyhow::Result<()> {
        // What came before took its own time: a build, and the turn of others with the same port.
        let deadline = Instant::now() + limits::SUBMISSION;
        for wave in 0..outcome.checks.len() {
            let mut ready = Vec::new();
            for number in 0..outcome.checks.len() {
                if outcome.checks[number].is_over() || self.skip(outcome, number) {
                    continue;
                }
                let passed = |name: &String| {
                    outcome
                        .checks
                        .iter()
                        .all(|needed| needed.check.test != *name || needed.status == Status::Pass)
                };
                if outcome.checks[number].check.needs.iter().all(passed) {
                    ready.push(number);
                }
            }
            if ready.is_empty() || interrupt::requested() {
                break;
            }
            self.run_wave(wave, &ready, deadline, outcome, conditions, tell)?;
        }
        Ok(())
    }

    fn run_wave(
        &self,
        wave: usize,
        ready: &[usize],
        deadline: Instant,
        outcome: &mut Outcome,
        conditions: &Conditions,
        tell: Tell<'_>,
    ) -> anyhow::Result<()> {
        let store = self.work.join(format!("nextest-{wave}"));
        let config = self.work.join(format!("nextest-{wave}.toml"));
        // Programs with one port take turns where they share a network.
        let in_turns = conditions.fixed_port && !conditions.own_network;
        let at_once = if in_turns { 1 } else { limits::CHECKS_AT_ONCE };
        fs::write(&config, nextest_config(&store, at_once))
            .with_context(|| format!("failed to write `{}`", config.display()))?;
        let filter: Vec<String> =
            ready.iter().filter_map(|number| filter(&outcome.checks[*number].check)).collect();
        let words_path = self.work.join(format!("nextest-{wave}.txt"));
        let words = fs::File::create(&words_path)
            .with_context(|| format!("failed to write `{}`", words_path.display()))?;
        let mut command = exam::nextest_command(self.exam);
        command.arg("--config-file").arg(&config).args(["--no-tests", "fail", "-E"]).arg(filter.join(" | "));
        command.env(runner_variable(), format!("{} inside", self.exam.runner_program.display()));
        command.env(CONDITIONS, self.work.join("conditions.json"));
        command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words).process_group(0);
        let mut nextest = command.spawn().context("failed to start `cargo nextest`")?;
        let mut left: Vec<usize> = ready.to_vec();
        let late = loop {
            let ended = nextest.try_wait().context("failed to wait for `cargo nextest`")?;
            let mut news = Vec::new();
            left.retain(|number| match self.result(conditions, &outcome.checks[*number].check) {
                Some(ran) => {
                    news.push((*number, ran));
                    false
                }
                None => true,
            });
            for (number, ran) in news {
                let checked = &mut outcome.checks[number];
                (checked.status, checked.diagnosis) = (ran.status, ran.diagnosis);
                (checked.report, checked.seconds) = (ran.report, ran.seconds);
                outcome.graded = Utc::now();
                outcome.seconds = self.started.elapsed().as_secs_f64();
                tell(outcome, Some(number))?;
            }
            if ended.is_some() {
                break false;
            }
            if interrupt::requested() {
                processes::end(&mut nextest);
                return Ok(());
            }
            if Instant::now() > deadline {
                break true;
            }
            thread::sleep(LOOK);
        };
        processes::end(&mut nextest);
        self.keep_raw(wave, &store);
        for number in left {
            let words = fs::read_to_string(&words_path).unwrap_or_default();
            let checked = &mut outcome.checks[number];
            if late {
                checked.status = Status::Timeout;
                checked.report = format!(
                    "not run: all checks together took longer than {} s",
                    limits::SUBMISSION.as_secs()
                );
            } else {
                checked.status = Status::GraderError;
                checked.report =
                    format!("it was not run; cargo-nextest says:\n{}", cut(&words, NEXTEST_WORDS_MAX));
            }
            tell(outcome, Some(number))?;
        }
        Ok(())
    }

    fn result(&self, conditions: &Conditions, check: &Check) -> Option<Ran> {
        let path = conditions.checks.join(folder_name(&check.test)).join(RESULT);
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Keeps nextest's own report of a wave beside the results.
    fn keep_raw(&self, wave: usize, store: &Path) {
        if let Some(raw) = self.raw {
            let _ = fs::create_dir_all(raw);
            let _ = fs::copy(store.join("default/junit.xml"), raw.join(format!("nextest-{}.xml", wave + 1)));
        }
    }
}

fn exam_readable(grading: &Grading<'_>, files: &Path) -> anyhow::Result<()> {
    if let Some(user) = grading.exam.runner.user() {
        let status = std::process::Command::new("chgrp").arg("-R").arg(user.to_string()).arg(files).status();
        ensure!(status.is_ok_and(|status| status.success()), "failed to make `{}` readable", files.display());
    }
    Ok(())
}

/// The address in a submission's code, if not every machine has it.
fn foreign_address(commands: &Commands) -> Option<IpAddr> {
    commands.address.filter(|address| !address.is_loopback() && !address.is_unspecified())
}

fn takes_a_port(commands: &Commands) -> bool {
    commands.port.is_none() && commands.server.as_ref().is_none_or(|line| line.contains("{port}"))
}

fn not_built(build: &Build) -> String {
    format!("{}\n{}", Outcome::NOT_BUILT, build.output)
}

/// A script that stands where a program is missing.
fn refusal(why: &str) -> String {
    format!("#!/bin/sh\nprintf '%s\\n' {} >&2\nexit 127\n", quote(why))
}

fn not_named(role: &str) -> String {
    refusal(if role == "client" { Outcome::NO_CLIENT } else { Outcome::NO_SERVER })
}

/// A script for a check that starts the program with words of its own: they stand where `{args}` is, at the end.
fn own_words(place: &Place<'_>, role: &str, line: Option<&str>) -> String {
    let Some(line) = line else { return not_named(role) };
    let words = labtest::split_words(line);
    match words.split_last() {
        Some((last, before)) if last == "{args}" => {
            let before: Vec<&str> =
                before.iter().map(String::as_str).filter(|word| !word.contains('{')).collect();
            place.script(&before)
        }
        _ => refusal(&format!("the command line of the {role} in `run.toml` {}", Outcome::NO_OPTIONS)),
    }
}

/// The name of the variable that makes nextest start tests by this program.
fn runner_variable() -> String {
    let (arch, env) =
        (std::env::consts::ARCH.to_uppercase(), if cfg!(target_env = "musl") { "MUSL" } else { "GNU" });
    format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_{env}_RUNNER")
}

fn filter(check: &Check) -> Option<String> {
    let (binary, test) = check.test.split_once("::")?;
    Some(format!("(binary(={binary}) & test(={test}))"))
}

fn nextest_config(store: &Path, threads: usize) -> String {
    let most = (limits::CHECK + limits::GRACE).as_secs();
    format!(
        "[store]\ndir = {store:?}\n\n[profile.default]\nretries = 0\nfail-fast = false\ntest-threads = {threads}\n\
         slow-timeout = {{ period = \"{most}s\", terminate-after = 1, grace-period = \"3s\" }}\nleak-timeout = \"500ms\"\n\
         status-level = \"fail\"\nfinal-status-level = \"none\"\nfailure-output = \"never\"\n\n[profile.default.junit]\n\
         path = \"junit.xml\"\n",
        store = store.display().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::filter;
    use crate::rubric::Rubric;

    #[test]
    fn names_a_test_for_nextest() {
        let rubric: Rubric = toml::from_str(
            "[[check]]\ntest = \"http::requests::keeps\"\nkind = \"core\"\npoints = 1\nshows = \"\"\nhint = \"\"",
        )
        .unwrap();
        assert_eq!(filter(&rubric.checks[0]).as_deref(), Some("(binary(=http) & test(=requests::keeps))"));
    }
}
