//! Makes the students' workspace, prints and checks rubrics, grades submissions.

use anyhow::Context;
use clap::{Parser, Subcommand};
use labcore::exit_code;
use labgrade::sheet;
#[cfg(target_os = "linux")]
use labgrade::{check_runner, class};
use labrubric::Workspace;
#[cfg(target_os = "linux")]
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes the students' workspace from this one, and grades submissions of it.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The staff's workspace, or a folder in it
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    workspace: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the students' workspace: stubs instead of solutions, tests and handouts, and nothing for staff
    Starter {
        /// The folder to write; it must be new or empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print a lab's answer sheet, which students fill in and hand in as `answers.toml`
    Sheet {
        /// The lab's folder name, such as `udp-echo`
        lab: String,
        /// Print the report template instead: questions with room for answers, and places for screenshots
        #[arg(long)]
        report: bool,
    },
    /// Check a lab's rubric and questions against its tests and its answer sheet, and print it as a table
    Rubric {
        /// The lab's folder name, such as `udp-echo`; without it, all labs
        lab: Option<String>,
    },
    /// Grade one submission and print the results
    #[cfg(target_os = "linux")]
    Check {
        /// The lab's folder name, such as `udp-echo`
        lab: String,
        /// The submission's folder: `src/`, a lab's folder, a whole workspace, or programs with a `run.toml`
        submission: PathBuf,
        #[command(flatten)]
        suite: class::SuiteArgs,
    },
    /// Grade a class: a folder with one folder per student
    #[cfg(target_os = "linux")]
    Run {
        /// The lab's folder name, such as `udp-echo`
        lab: String,
        /// The folder with one folder per student
        submissions: PathBuf,
        #[command(flatten)]
        class: class::ClassArgs,
        #[command(flatten)]
        suite: class::SuiteArgs,
    },
    /// Run one test for cargo-nextest, in a network of its own
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    CheckRunner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    exit_code(run(Args::parse()))
}

fn run(args: Args) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    if let Command::CheckRunner { words } = &args.command {
        return check_runner::run(words).map(|never| match never {});
    }
    let workspace = Workspace::around(&args.workspace)?;
    match args.command {
        Command::Starter { out } => {
            labgrade::starter::write(&workspace, &out)?;
            // A closed screen is not an error: the workspace has been written.
            let _ = writeln!(
                std::io::stdout(),
                "the students' workspace is in `{}`; hand it out as it is; its labs/README.md says how a student begins",
                out.display(),
            );
            Ok(())
        }
        Command::Rubric { lab } => {
            let facts = |lab: &str| sheet::facts(lab).iter().map(|fact| fact.question).collect();
            labrubric::print_table(&workspace, lab.as_deref(), facts)
        }
        Command::Sheet { lab, report } => {
            let contents = sheet::Contents::read(&workspace, &lab)?;
            let text =
                if report { sheet::report_template(&contents) } else { sheet::answer_sheet(&contents) };
            std::io::stdout().write_all(text.as_bytes()).context("failed to write to standard output")
        }
        #[cfg(target_os = "linux")]
        Command::Check { lab, submission, suite } => class::check(&workspace, &lab, &submission, &suite),
        #[cfg(target_os = "linux")]
        Command::Run { lab, submissions, class, suite } => {
            class::run(&workspace, &lab, &submissions, &class, &suite)
        }
        #[cfg(target_os = "linux")]
        Command::CheckRunner { .. } => Ok(()),
    }
}
