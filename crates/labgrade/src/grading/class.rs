//! A *class*: a folder with one folder per student, graded side by side; and one submission at a desk.

use super::exam::Exam;
use super::grade::grade;
use super::sandbox::quote;
use super::submission::Submission;
use super::{interrupt, limits, processes, write_atomically};
use crate::outcome::{Outcome, Status};
use crate::report;
use crate::rubric::{CORE_POINTS, Kind, Rubric};
use crate::workspace::Workspace;
use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use labcore::printable;
use rustix::fs::{FlockOperation, flock};
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// The file with a submission's outcome, in its folder of results.
const OUTCOME: &str = "outcome.json";

/// Students of one class.
const STUDENTS_MAX: usize = 10_000;

/// How many files beside the folders of students are named.
const OTHERS_MAX: usize = 10;

/// What grading is to go by.
#[derive(clap::Args, Debug)]
pub struct ExamArgs {
    /// What the tests' texts are drawn with; the same seed gives the same texts [default: a new one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Another rubric than the lab's own
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// What building one submission takes at most
    #[arg(long, value_name = "SECONDS", default_value_t = limits::BUILD.as_secs())]
    pub build_limit: u64,
}

/// How a class is graded.
#[derive(clap::Args, Debug)]
pub struct ClassArgs {
    /// The folder for the results; what is in it already is not graded again
    #[arg(long, value_name = "RESULTS")]
    pub out: PathBuf,
    /// Submissions that are graded at once [default: two per processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Grade these students again, or all without a name; the time of handing in is kept
    #[arg(long, value_name = "NAME", num_args = 0..)]
    pub again: Option<Vec<String>>,
}

impl ExamArgs {
    fn prepare(&self, workspace: &Workspace, lab: &str, rubric: Rubric, seed: u64) -> anyhow::Result<Exam> {
        say(&format!("preparing the tests of {lab}"));
        let prepared = Exam::prepare(workspace, lab, rubric, seed % SEED_MAX);
        // Ctrl+C ends the compiler, too.
        ensure!(!interrupt::requested(), "interrupted");
        let mut exam = prepared?;
        exam.build_limit = Duration::from_secs(self.build_limit.clamp(1, BUILD_SECONDS_MAX));
        if let Some(why) = &exam.no_sandbox {
            say(&format!("warning: without a sandbox: {why}"));
        }
        Ok(exam)
    }

    fn rubric(&self, workspace: &Workspace, lab: &str) -> anyhow::Result<Rubric> {
        let Some(path) = &self.rubric else { return Rubric::read(workspace, lab) };
        let text =
            fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let rubric: Rubric = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("`{}`: {}", path.display(), error.message()))?;
        let core = rubric.checks.iter().filter(|check| check.kind == Kind::Core);
        let points: u32 = core.map(|check| check.points).sum();
        if points != CORE_POINTS {
            say(&format!(
                "warning: the core checks of `{}` are worth {points} points, not {CORE_POINTS}",
                path.display()
            ));
        }
        Ok(rubric)
    }
}

/// The longest time for a build that can be asked for.
const BUILD_SECONDS_MAX: u64 = 3600;

/// Numbers up to this are the same in every reader of JSON.
const SEED_MAX: u64 = 1 << 53;

fn new_seed() -> u64 {
    RandomState::new().hash_one(std::process::id()) % 1_000_000
}

/// Prints a line for people; a closed screen is no reason to stop grading.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Grades one submission, and prints what comes of each check, and all feedback at the end.
///
/// # Errors
/// If the grader fails; the submission can't make it.
pub fn check(workspace: &Workspace, lab: &str, folder: &Path, args: &ExamArgs) -> anyhow::Result<()> {
    ensure_order(workspace, "check", lab, folder)?;
    ensure!(folder.is_dir(), "`{}` is no folder; name the folder of a submission", folder.display());
    start()?;
    let rubric = args.rubric(workspace, lab)?;
    let exam = args.prepare(workspace, lab, rubric, args.seed.unwrap_or_else(new_seed))?;
    say(&format!("grading `{}` with seed {}", folder.display(), exam.seed));
    let mut told_build = false;
    let outcome =
        grade(&exam, folder, &exam.scratch().join("submission"), None, None, &mut |outcome, news| {
            if let (Some(build), false) = (&outcome.build, told_build) {
                say(&format!("{}: build in {:.1} s", if build.ok { "pass" } else { "fail" }, build.seconds));
                told_build = true;
            }
            if let Some(checked) = news.and_then(|number| outcome.checks.get(number)) {
                let (status, test) = (checked.status_told(), &checked.check.test);
                say(&format!("{status}: {test} in {:.1} s", checked.seconds));
            }
            Ok(())
        })?;
    ensure!(!interrupt::requested(), "interrupted");
    say("");
    for (name, text) in report::of_submission(&outcome) {
        if name == "feedback.md" {
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
    }
    say(&format!("\n{}", totals(&outcome)));
    ensure_no_grader_error(std::slice::from_ref(&outcome))
}

/// The totals in a line, for the end of the screen.
fn totals(outcome: &Outcome) -> String {
    let of = |kind| {
        let points = outcome.points(kind).map_or_else(|| "not known".to_owned(), |points| points.to_string());
        format!("{points} of {}", outcome.points_possible(kind))
    };
    let robust = outcome.points_possible(Kind::Robust) > 0;
    let robust = if robust { format!(", robustness: {}", of(Kind::Robust)) } else { String::new() };
    format!("score: {}{robust}", of(Kind::Core))
}

/// An error if the lab stands where the folder is to stand.
fn ensure_order(workspace: &Workspace, command: &str, lab: &str, folder: &Path) -> anyhow::Result<()> {
    let labs = workspace.labs()?;
    let is_lab = |name: &str| labs.iter().any(|lab| lab == name);
    if let Some(second) = folder.to_str().filter(|second| is_lab(second) && !is_lab(lab)) {
        bail!("`{lab}` is no lab; the lab comes first: `labgrade {command} {second} {lab}`");
    }
    Ok(())
}

/// An error if the grader failed anywhere: then a total is missing.
fn ensure_no_grader_error(outcomes: &[Outcome]) -> anyhow::Result<()> {
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.checks.iter().any(|checked| checked.status == Status::GraderError))
        .map(|outcome| printable(outcome.submission.as_bytes()).to_string())
        .collect();
    match failed.len() {
        0 => Ok(()),
        1 => bail!("the grader failed in a check of `{}`; grade it again", failed[0]),
        count => bail!(
            "the grader failed in checks of {count} submissions, such as `{}`; grade them again",
            failed[0]
        ),
    }
}

/// What holds for the whole program from now on.
fn start() -> anyhow::Result<()> {
    interrupt::listen()?;
    // What a submission leaves behind becomes a child of this program, and is ended with it.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .context("failed to become the reaper of what submissions leave behind")
}

/// Grades a folder of submissions into the folder `args.out`.
///
/// # Errors
/// If the grader fails, or another one is at work in that folder. Submissions can't make it fail.
pub fn run(
    workspace: &Workspace,
    lab: &str,
    submissions: &Path,
    args: &ClassArgs,
    exam_args: &ExamArgs,
) -> anyhow::Result<()> {
    ensure_order(workspace, "run", lab, submissions)?;
    ensure!(
        submissions.is_dir(),
        "`{}` is no folder; give the folder that has one folder per student",
        submissions.display()
    );
    let (students, others) = students(submissions)?;
    ensure!(
        !students.is_empty(),
        "`{}` has no folders; it must have one per student; for one submission: `labgrade check`",
        submissions.display()
    );
    start()?;
    let rubric = exam_args.rubric(workspace, lab)?;
    fs::create_dir_all(&args.out).with_context(|| format!("failed to create `{}`", args.out.display()))?;
    ensure_apart(&args.out, submissions)?;
    let _lock = lock(&args.out)?;
    for name in others.iter().take(OTHERS_MAX) {
        say(&format!("warning: `{name}` is no folder, so nothing of it is graded; unpack or remove it"));
    }
    if others.len() > OTHERS_MAX {
        say(&format!("warning: and {} more are no folders", others.len() - OTHERS_MAX));
    }
    let results = Results { folder: &args.out, lab };
    let mut done = Vec::new();
    let mut todo = Vec::new();
    for name in &students {
        let earlier = results.read(name)?;
        let again = args.again.as_ref().is_some_and(|names| names.is_empty() || names.contains(name));
        match earlier {
            Some(outcome) if outcome.is_complete() && !again => done.push(outcome),
            earlier => todo.push((name.clone(), earlier)),
        }
    }
    for name in args.again.iter().flatten() {
        ensure!(students.contains(name), "`{name}` of `--again` is no folder in `{}`", submissions.display());
    }
    // A class has one seed, also when it is graded in several runs.
    let seed = exam_args.seed.or_else(|| done.first().map(|outcome| outcome.seed)).unwrap_or_else(new_seed);
    if !done.is_empty() {
        say(&format!("{} of {} are graded already", done.len(), students.len()));
    }
    let rows = |outcome: &&Outcome| !outcome.checks.iter().map(|checked| &checked.check).eq(&rubric.checks);
    let differ = done.iter().filter(rows).count();
    if differ > 0 {
        say(&format!("warning: {differ} of them by another rubric; `--again` grades all by this one"));
    }
    let changed: Vec<&Outcome> = done.iter().filter(|outcome| has_changed(outcome, submissions)).collect();
    if !changed.is_empty() {
        say(&changed_words(&changed));
    }
    let say_where = || say(&format!("results in `{}`", args.out.join("class.html").display()));
    if todo.is_empty() {
        results.write_class(&done, &[])?;
        say_where();
        return Ok(());
    }
    let exam = exam_args.prepare(workspace, lab, rubric, seed)?;
    // Two, as most of their time is spent waiting.
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = args.jobs.map_or(2 * processors, NonZeroUsize::get);
    say(&format!("grading {} with seed {}, {jobs} at once", count(todo.len()), exam.seed));
    let progress = Progress::new(todo.len());
    let queue = Mutex::new(todo.into_iter().enumerate());
    let graded_before = done.len();
    let graded = Mutex::new(done);
    let kept = Mutex::new(Vec::new());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some((number, (name, earlier))) = next else { return };
                    if interrupt::requested() || failure.lock().is_ok_and(|failure| failure.is_some()) {
                        // It keeps the result that it has.
                        if let (Some(outcome), Ok(mut kept)) =
                            (earlier.filter(Outcome::is_complete), kept.lock())
                        {
                            kept.push(outcome);
                        }
                        continue;
                    }
                    let submitted = earlier.and_then(|outcome| outcome.submitted);
                    let work = exam.scratch().join(format!("submission-{number}"));
                    let raw = results.of(&name).join("nextest");
                    let _ = fs::remove_dir_all(&raw);
                    let folder = submissions.join(&name);
                    let result = grade(&exam, &folder, &work, Some(&raw), submitted, &mut |outcome, _| {
                        results.write_outcome(outcome)
                    });
                    match result.and_then(|outcome| results.write_reports(&outcome).map(|()| outcome)) {
                        Ok(outcome) => {
                            if outcome.is_complete() {
                                progress.graded(&outcome);
                            }
                            if let Ok(mut graded) = graded.lock() {
                                graded.push(outcome);
                            }
                        }
                        Err(error) => {
                            if let Ok(mut failure) = failure.lock() {
                                let name = printable(name.as_bytes());
                                failure.get_or_insert(error.context(format!("failed to grade `{name}`")));
                            }
                        }
                    }
                }
            });
        }
    });
    progress.end();
    processes::end_descendants(std::process::id());
    let mut graded = graded.into_inner().unwrap_or_default();
    let complete = graded.iter().skip(graded_before).filter(|outcome| outcome.is_complete()).count();
    graded.extend(kept.into_inner().unwrap_or_default());
    graded.sort_by(|one, other| one.submission.cmp(&other.submission));
    let begun: HashSet<&str> = graded.iter().map(|outcome| &*outcome.submission).collect();
    let not_begun: Vec<&str> =
        students.iter().map(|name| &**name).filter(|name| !begun.contains(name)).collect();
    results.write_class(&graded, &not_begun)?;
    say_where();
    if let Some(error) = failure.into_inner().unwrap_or_default() {
        return Err(error);
    }
    ensure!(
        !interrupt::requested(),
        "interrupted after {}; {}",
        count(complete),
        if args.again.is_some() {
            "without `--again`, the same command finishes what was begun"
        } else {
            "the same command goes on from there"
        }
    );
    ensure_no_grader_error(&graded)
}

/// True if a file of a graded submission is newer than the grading of it.
fn has_changed(outcome: &Outcome, submissions: &Path) -> bool {
    // Within this time it was copied, and anything later was not graded.
    let took = Duration::try_from_secs_f64(outcome.seconds).unwrap_or_default();
    let newest = Submission::time(&submissions.join(&outcome.submission));
    // A file from the future was there before.
    newest.is_some_and(|newest| newest > outcome.graded - took) && newest != outcome.submitted
}

/// Says which submissions have changed, and what grades them again.
fn changed_words(changed: &[&Outcome]) -> String {
    let names: Vec<String> =
        changed.iter().map(|outcome| printable(outcome.submission.as_bytes()).to_string()).collect();
    let plain = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter));
    let words: Vec<String> =
        names.iter().map(|name| if plain(name) { name.clone() } else { quote(name) }).collect();
    let (has, it) = if names.len() == 1 { ("has", "it was") } else { ("have", "they were") };
    let again = if names.len() == 1 { "it" } else { "them" };
    format!(
        "`{}` {has} changed since {it} graded; to grade {again} again: --again {}",
        names.join("`, `"),
        words.join(" ")
    )
}

fn count(submissions: usize) -> String {
    if submissions == 1 { "1 submission".to_owned() } else { format!("{submissions} submissions") }
}

/// The names of the folders in a folder, and of what else is there, sorted. What begins with a dot is nobody's work, nor is
/// what a Mac adds to an archive.
fn students(folder: &Path) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let failed = || format!("failed to read `{}`", folder.display());
    let (mut names, mut others) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            bail!("`{}` is no UTF-8; rename it", entry.path().display());
        };
        if name.starts_with('.') || name == "__MACOSX" {
            continue;
        }
        let is_folder = entry.file_type().with_context(failed)?.is_dir();
        if is_folder { &mut names } else { &mut others }.push(name);
        ensure!(names.len() <= STUDENTS_MAX, "`{}` has more than {STUDENTS_MAX} folders", folder.display());
    }
    names.sort();
    others.sort();
    Ok((names, others))
}

/// Results among the submissions would be somebody's submission the next time.
fn ensure_apart(out: &Path, submissions: &Path) -> anyhow::Result<()> {
    let whole =
        |path: &Path| path.canonicalize().with_context(|| format!("failed to find `{}`", path.display()));
    if whole(out)?.starts_with(whole(submissions)?) {
        // It may have been made just now.
        let _ = fs::remove_dir(out);
        bail!("`{}` lies in the folder of the submissions; take another one for the results", out.display());
    }
    Ok(())
}

/// Takes the folder of results for this run alone.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(".lock");
    let file = File::create(&path).with_context(|| format!("failed to write `{}`", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => bail!("another `labgrade run` is writing to `{}`; wait for its end", folder.display()),
    }
}

/// The folder of results.
struct Results<'a> {
    folder: &'a Path,
    lab: &'a str,
}

impl Results<'_> {
    fn of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads what an earlier run has found out, whole or in part.
    fn read(&self, name: &str) -> anyhow::Result<Option<Outcome>> {
        let path = self.of(name).join(OUTCOME);
        let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
        let outcome: Outcome = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is no outcome; delete it to grade again", path.display()))?;
        ensure!(
            outcome.lab == self.lab,
            "`{}` has results of `{}`; take another folder for `{}`",
            self.folder.display(),
            outcome.lab,
            self.lab
        );
        Ok(Some(outcome))
    }

    fn write_outcome(&self, outcome: &Outcome) -> anyhow::Result<()> {
        let folder = self.of(&outcome.submission);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create `{}`", folder.display()))?;
        let text = serde_json::to_string_pretty(outcome).context("failed to write JSON")?;
        write_atomically(&folder.join(OUTCOME), &(text + "\n"))
    }

    fn write_reports(&self, outcome: &Outcome) -> anyhow::Result<()> {
        for (name, text) in report::of_submission(outcome) {
            write_atomically(&self.of(&outcome.submission).join(name), &text)?;
        }
        Ok(())
    }

    fn write_class(&self, outcomes: &[Outcome], not_begun: &[&str]) -> anyhow::Result<()> {
        for (name, text) in report::of_class(outcomes, not_begun) {
            write_atomically(&self.folder.join(name), &text)?;
        }
        Ok(())
    }
}

/// How far a class is: a bar on a terminal, and a line per submission everywhere else.
struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    done: Mutex<usize>,
}

impl Progress {
    fn new(total: usize) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Progress { bar, total, done: Mutex::new(0) }
    }

    fn graded(&self, outcome: &Outcome) {
        let score =
            outcome.score().map_or_else(|| "no score: grader error".to_owned(), |score| score.to_string());
        let possible = outcome.points_possible(Kind::Core);
        let name = printable(outcome.submission.as_bytes());
        let mut done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{name}: {score}"));
                bar.inc(1);
            }
            None => say(&format!(
                "{} of {}: `{name}` {score} of {possible} in {:.1} s",
                *done, self.total, outcome.seconds
            )),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
