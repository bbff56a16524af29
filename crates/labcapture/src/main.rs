//! Explains a capture of the labs' programs, and answers the handouts' questions about it.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use labcapture::lab::Lab;
use labcapture::{capture, flow, json, pitfalls, questions, sequence_diagram, sheet, text_view};
use labcore::exit_code;
use labcore::note;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Explains a capture of the labs' programs, and answers the handouts' questions about it.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    show: Option<Show>,
}

#[derive(Subcommand)]
enum Command {
    /// Draw the picture of a lab's handout, from a recorded run
    Flow {
        /// The lab
        lab: Lab,
        /// The directory with the run, as scripts/pictures.py records it
        directory: PathBuf,
    },
    /// Grade an answer sheet against a capture
    Grade {
        /// The capture, pcap or pcapng
        file: PathBuf,
        /// The filled-in answer sheet
        sheet: PathBuf,
        /// Write JSON for other programs
        #[arg(long)]
        json: bool,
    },
    /// Print an empty answer sheet
    Sheet {
        /// The lab
        lab: Lab,
    },
}

#[derive(Args)]
struct Show {
    /// The capture, pcap or pcapng
    file: PathBuf,
    /// Answer the numbered questions of this lab's handout
    #[arg(long)]
    lab: Option<Lab>,
    /// Write JSON for other programs
    #[arg(long)]
    json: bool,
    /// Draw a sequence diagram of the conversation that --conversation selects, or of the first one
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Show only this conversation
    #[arg(long, value_name = "N")]
    conversation: Option<usize>,
}

fn main() -> ExitCode {
    exit_code(run(Arguments::parse()))
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match (arguments.command, arguments.show) {
        (Some(Command::Flow { lab, directory }), _) => {
            let picture = flow::draw(lab, &directory)?;
            print(|output| output.write_all(picture.as_bytes()))
        }
        (Some(Command::Grade { file, sheet, json }), _) => grade(&file, &sheet, json),
        (Some(Command::Sheet { lab }), _) => print(|output| output.write_all(sheet::blank(lab).as_bytes())),
        (None, Some(arguments)) => show(&arguments),
        (None, None) => Ok(()),
    }
}

fn show(arguments: &Show) -> anyhow::Result<()> {
    let (capture, readable) = capture::read_file(&arguments.file);
    let error = readable.as_ref().err().map(|error| format!("{error:#}"));
    let pitfalls = pitfalls::find(&capture, error.is_some());
    let only = arguments.conversation;
    if let Some(number) = only.filter(|number| !(1..=capture.conversations.len()).contains(number)) {
        readable?;
        anyhow::bail!("there is no conversation {number}; the capture holds {}", capture.conversations.len());
    }
    if let Some(path) = &arguments.svg {
        let chosen = capture.conversations.get(only.unwrap_or(1) - 1);
        let chosen = chosen.context("the capture holds no conversation to draw")?;
        fs::write(path, sequence_diagram::draw(chosen))
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    if capture.frames > 0 || readable.is_ok() {
        let answers = arguments.lab.map(|lab| questions::answers(lab, &capture));
        print(|output| {
            if arguments.json {
                json::write(&capture, error.as_deref(), &pitfalls, answers.as_deref(), only, output)
            } else if let Some(answers) = &answers {
                questions::write(answers, output)
            } else {
                text_view::write(&capture, &pitfalls, only, output)
            }
        })?;
    }
    readable
}

fn grade(file: &Path, sheet: &Path, as_json: bool) -> anyhow::Result<()> {
    let name = sheet.display();
    let opened = File::open(sheet).with_context(|| format!("failed to open `{name}`"))?;
    let sheet = sheet::read(opened).with_context(|| format!("`{name}` is not an answer sheet"))?;
    let (capture, readable) = capture::read_file(file);
    if capture.frames == 0 {
        readable?;
        anyhow::bail!("`{}` contains no frames", file.display());
    }
    if let Err(error) = readable {
        note(&format!("{error:#}; the grade covers the readable part"));
    }
    let grade = sheet::grade(&sheet, &capture)?;
    print(|output| {
        if as_json {
            serde_json::to_writer(&mut *output, &grade)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(output))
        } else {
            sheet::write(&grade, output)
        }
    })
}

fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    write(&mut output).and_then(|()| output.flush()).context("failed to write to standard output")
}
