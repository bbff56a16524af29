//! Grading a *class*.

use super::args::{ClassArgs, SuiteArgs, draw_seed, ensure_order};
use super::changed::print_changed;
use super::finish::{begin, ensure_no_grader_error};
use super::queue::{Graded, Queue, Waiting};
use super::results::Results;
use super::screen::print_line;
use super::students::Students;
use crate::outcome::{Answers, Outcome};
use crate::pipeline::Job;
use crate::prepared_suite::PreparedSuite;
use crate::{interrupt, processes};
use anyhow::{Context, ensure};
use labcore::printable;
use labrubric::{Question, Rubric, Workspace};
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

/// Grades a folder of submissions into the folder `args.out`.
///
/// # Errors
/// If the grader fails, or if another run uses that folder. Submissions cannot cause an error.
pub fn run(
    workspace: &Workspace,
    lab: &str,
    submissions: &Path,
    args: &ClassArgs,
    suite_args: &SuiteArgs,
) -> anyhow::Result<()> {
    ensure_order(workspace, "run", lab, submissions)?;
    let students = Students::read(submissions)?;
    begin()?;
    let rubric = suite_args.rubric(workspace, lab)?;
    let questions = Question::read(workspace, lab)?;
    let results = Results::open(&args.out, lab, submissions)?;
    students.warn_of_others();
    for name in args.again.iter().flatten() {
        ensure!(
            students.names.contains(name),
            "`{name}` of `--again` is not a folder in `{}`",
            submissions.display()
        );
    }
    // A mistake in this file is better known before an hour of grading than after it.
    results.explained()?;
    let (waiting, mut done) = split(&students, &results, args)?;
    print_done(&done, &students, &rubric, submissions);
    if waiting.is_empty() {
        return write_class(&results, &questions, &mut done, &[]);
    }
    // A class has one seed, also when it is graded in several runs.
    let seed = suite_args.seed.or_else(|| done.first().map(|outcome| outcome.seed)).unwrap_or_else(draw_seed);
    let suite = suite_args.prepare(workspace, lab, rubric, seed)?;
    let mut graded = grade_all(&suite, &questions, submissions, &results, args, waiting, done);
    let begun: HashSet<String> = graded.outcomes.iter().map(|outcome| outcome.submission.clone()).collect();
    let names = students.names.iter().map(String::as_str);
    let not_begun: Vec<&str> = names.filter(|name| !begun.contains(*name)).collect();
    write_class(&results, &questions, &mut graded.outcomes, &not_begun)?;
    ensure!(
        !interrupt::requested(),
        "interrupted after {}; {}",
        count(graded.complete),
        if args.again.is_some() {
            "without `--again`, the same command finishes what was begun"
        } else {
            "the same command continues from there"
        }
    );
    if let Some(error) = graded.error {
        return Err(error);
    }
    ensure_no_grader_error(&graded.outcomes)
}

/// Writes the reports on the class.
fn write_class(
    results: &Results<'_>,
    questions: &[Question],
    outcomes: &mut [Outcome],
    not_begun: &[&str],
) -> anyhow::Result<()> {
    for note in results.add_explained(outcomes, not_begun)? {
        print_line(&note);
    }
    results.write_class(outcomes, not_begun)?;
    let page = results.write_explain_page(outcomes, questions)?;
    print_line(&format!("results in `{}`", results.page().display()));
    let open: usize = outcomes.iter().filter_map(|outcome| outcome.answers.as_ref()).map(Answers::open).sum();
    if let Some(page) = page.filter(|_| open > 0) {
        let explanations = if open == 1 { "1 explanation" } else { &format!("{open} explanations") };
        print_line(&format!("{explanations} to grade in `{}`", page.display()));
    }
    Ok(())
}

/// Splits a class into submissions to grade and outcomes of earlier runs.
fn split(
    students: &Students,
    results: &Results<'_>,
    args: &ClassArgs,
) -> anyhow::Result<(Vec<Waiting>, Vec<Outcome>)> {
    let (mut waiting, mut done) = (Vec::new(), Vec::new());
    for name in &students.names {
        match results.read(name)? {
            Some(outcome) if outcome.is_complete() && !args.is_again(name) => done.push(outcome),
            earlier => waiting.push(Waiting { index: waiting.len(), name: name.clone(), earlier }),
        }
    }
    Ok((waiting, done))
}

/// Prints what is known of submissions that earlier runs have graded.
fn print_done(done: &[Outcome], students: &Students, rubric: &Rubric, submissions: &Path) {
    if done.is_empty() {
        return;
    }
    print_line(&format!("{} of {} are already graded", done.len(), students.names.len()));
    let differs =
        |outcome: &&Outcome| !outcome.checks.iter().map(|checked| &checked.check).eq(&rubric.checks);
    let differ = done.iter().filter(differs).count();
    if differ > 0 {
        print_line(&format!(
            "warning: {differ} of them were graded by another rubric; `--again` grades all by this one"
        ));
    }
    print_changed(done, submissions);
}

/// Grades the submissions that wait, several at the same time.
fn grade_all(
    suite: &PreparedSuite,
    questions: &[Question],
    submissions: &Path,
    results: &Results<'_>,
    args: &ClassArgs,
    waiting: Vec<Waiting>,
    done: Vec<Outcome>,
) -> Graded {
    // Two per processor, since they spend most of their time waiting.
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = args.jobs.map_or(2 * processors, NonZeroUsize::get);
    print_line(&format!("grading {} with seed {}, {jobs} at once", count(waiting.len()), suite.seed));
    let queue = Queue::new(waiting, done);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(waiting) = queue.next() {
                    let name = printable(waiting.name.as_bytes()).to_string();
                    let result = grade(suite, questions, submissions, results, &waiting);
                    queue.add(result.with_context(|| format!("failed to grade `{name}`")));
                }
            });
        }
    });
    processes::end_descendants(std::process::id());
    queue.finish()
}

fn grade(
    suite: &PreparedSuite,
    questions: &[Question],
    submissions: &Path,
    results: &Results<'_>,
    waiting: &Waiting,
) -> anyhow::Result<Outcome> {
    let work = suite.scratch().join(format!("submission-{}", waiting.index));
    let raw = results.new_raw_folder(&waiting.name);
    let job = Job {
        suite,
        questions,
        folder: &submissions.join(&waiting.name),
        work: &work,
        raw: Some(&raw),
        submitted: waiting.earlier.as_ref().and_then(|outcome| outcome.submitted),
    };
    let outcome = job.grade(&mut |outcome, _| results.write_outcome(outcome))?;
    results.write_reports(&outcome)?;
    Ok(outcome)
}

fn count(submissions: usize) -> String {
    if submissions == 1 { "1 submission".to_owned() } else { format!("{submissions} submissions") }
}
