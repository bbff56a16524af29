//! How the tests *launch* the programs of a submission.
//!
//! Each program becomes a script that starts it in its sandbox. Environment variables tell labtest where the scripts are
//! (see the documentation of labtest), and which programs cannot be tried.

use crate::prepared_suite::PreparedSuite;
use crate::sandbox::{ProgramSandbox, write_etc};
use crate::submission::RunFile;
use anyhow::Context;
use labtest::Reason;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Stands for the options of a check in a command line.
const ARGS: &str = "{args}";

/// How the tests launch the programs of a submission.
pub struct Launch {
    /// Variables for the tests.
    pub environment: Vec<(String, String)>,
    /// The address in the programs' code, for the network of a check.
    pub address: Option<String>,
    /// True if the programs have a port in their code.
    pub has_fixed_port: bool,
}

impl Launch {
    /// Launches the compiled programs in the folder `programs`. A lab's program that is not there was not built.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn compiled(suite: &PreparedSuite, work: &Path, programs: &Path) -> anyhow::Result<Launch> {
        let etc = suite.build.etc.clone();
        let sandbox = sandbox(suite, etc, programs, false);
        let mut scripts = Scripts::new(suite, work)?;
        for name in &suite.build.programs {
            if programs.join(name).is_file() {
                scripts.add(name, &sandbox.script(&[&*sandbox.program(name).to_string_lossy()]))?;
            } else {
                scripts.absent.insert(name.clone(), Reason::NotBuilt);
            }
        }
        Ok(Launch { environment: scripts.environment()?, address: None, has_fixed_port: false })
    }

    /// Launches the programs in the folder `files` by the command lines of their run file.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn by_run_file(
        suite: &PreparedSuite,
        work: &Path,
        files: &Path,
        run_file: &RunFile,
    ) -> anyhow::Result<Launch> {
        let host = run_file.host().map(|host| host.to_string());
        let etc = work.join("etc");
        write_etc(&etc, suite.user(), &run_file.hosts, run_file.host())?;
        let sandbox = sandbox(suite, etc, files, true);
        let mut scripts = Scripts::new(suite, work)?;
        for name in &suite.build.programs {
            scripts.add_lab_program(name, run_file, &sandbox)?;
        }
        let mut environment = vec![("LAB_RUN_FILE".to_owned(), "1".to_owned())];
        for role in [Role::Server, Role::Client, Role::TcpClient] {
            environment.extend(scripts.add_role(role, run_file, &sandbox)?);
        }
        environment.extend(scripts.environment()?);
        environment.extend(run_file.port.map(|port| ("LAB_PORT".to_owned(), port.to_string())));
        environment.extend(host.map(|host| ("LAB_ADDRESS".to_owned(), host)));
        let address = run_file.foreign_address().map(|address| address.to_string());
        Ok(Launch { environment, address, has_fixed_port: run_file.has_fixed_port() })
    }
}

/// A program of a run file.
#[derive(Clone, Copy)]
enum Role {
    Server,
    Client,
    /// The client for TCP, in a lab with clients for two protocols.
    TcpClient,
}

impl Role {
    /// The name of its script.
    fn name(self) -> &'static str {
        match self {
            Role::Server => "server",
            Role::Client => "client",
            Role::TcpClient => "tcp-client",
        }
    }

    /// The variable for its command line.
    fn variable(self) -> String {
        format!("LAB_{}", self.name().to_uppercase().replace('-', "_"))
    }

    /// Its command line in a run file.
    fn line(self, run_file: &RunFile) -> Option<&str> {
        match self {
            Role::Server => run_file.server.as_deref(),
            Role::Client => run_file.client.as_deref(),
            // A client that takes options is told the protocol.
            Role::TcpClient => run_file
                .tcp_client
                .as_deref()
                .or_else(|| run_file.client.as_deref().filter(|line| line.contains(ARGS))),
        }
    }

    /// Why it cannot be tried without a command line.
    fn missing(self) -> Reason {
        match self {
            Role::Server => Reason::NoServer,
            Role::Client => Reason::NoClient,
            Role::TcpClient => Reason::NoTcpClient,
        }
    }
}

/// The words of a command line that ends with `{args}`, without that and without other placeholders. A check that starts
/// the lab's own program adds the address and options itself.
fn words_before_args(line: Option<&str>, missing: Reason) -> Result<Vec<String>, Reason> {
    let words = shell_words::split(line.ok_or(missing)?).unwrap_or_default();
    match words.split_last() {
        Some((last, before)) if last == ARGS => {
            Ok(before.iter().filter(|word| !word.contains('{')).cloned().collect())
        }
        _ => Err(Reason::NoOptions),
    }
}

fn sandbox(suite: &PreparedSuite, etc: PathBuf, files: &Path, copies_files: bool) -> ProgramSandbox {
    ProgramSandbox {
        etc,
        files: files.to_owned(),
        copies_files,
        usual_folder: suite.build.tree.clone(),
        isolated: suite.build.isolated,
        own_user: suite.user().number().is_some(),
    }
}

/// The scripts, in the folder that `LAB_PROGRAMS` names, and the programs without one (`LAB_ABSENT`).
struct Scripts {
    folder: PathBuf,
    absent: BTreeMap<String, Reason>,
}

impl Scripts {
    fn new(suite: &PreparedSuite, work: &Path) -> anyhow::Result<Scripts> {
        let folder = work.join("scripts");
        suite.user().create_readable_folder(&folder)?;
        Ok(Scripts { folder, absent: BTreeMap::new() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn add(&self, name: &str, script: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        fs::write(&path, script)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Adds the script for checks that start one of the lab's programs with a command line of their own.
    fn add_lab_program(
        &mut self,
        name: &str,
        run_file: &RunFile,
        sandbox: &ProgramSandbox,
    ) -> anyhow::Result<()> {
        let role = if name.ends_with("-client") { Role::Client } else { Role::Server };
        match words_before_args(role.line(run_file), role.missing()) {
            Ok(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.add(name, &sandbox.script(&words))?;
            }
            Err(reason) => {
                self.absent.insert(name.to_owned(), reason);
            }
        }
        Ok(())
    }

    /// Adds the script for the command line in a run file, and returns the variables that tell labtest of it.
    fn add_role(
        &mut self,
        role: Role,
        run_file: &RunFile,
        sandbox: &ProgramSandbox,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let script = self.path(role.name()).display().to_string();
        let script = shell_words::quote(&script);
        let variable = role.variable();
        let Some(line) = role.line(run_file) else {
            self.absent.insert(role.name().to_owned(), role.missing());
            return Ok(vec![(variable, format!("{script} {ARGS}"))]);
        };
        self.add(role.name(), &sandbox.script(&[]))?;
        let line = run_file.filled(line);
        // Commands for a student to type show the program, not the script.
        let shown = (format!("{variable}_SHOWN"), line.clone());
        Ok(vec![(variable, format!("{script} {line}")), shown])
    }

    fn environment(&self) -> anyhow::Result<Vec<(String, String)>> {
        let absent = serde_json::to_string(&self.absent).context("failed to write JSON")?;
        let programs = self.folder.display().to_string();
        Ok(vec![("LAB_PROGRAMS".to_owned(), programs), ("LAB_ABSENT".to_owned(), absent)])
    }
}

#[cfg(test)]
mod tests {
    use super::words_before_args;
    use labtest::Reason;

    #[test]
    fn finds_the_words_for_a_program_that_takes_options() {
        let words = |line| words_before_args(line, Reason::NoServer);
        let expected = ["python3", "my server.py"].map(str::to_owned).to_vec();
        assert_eq!(words(Some("python3 'my server.py' {host} {port} {args}")), Ok(expected));
        assert_eq!(words(Some("python3 server.py {args} {port}")), Err(Reason::NoOptions));
        assert_eq!(words(Some("python3 server.py")), Err(Reason::NoOptions));
        assert_eq!(words(None), Err(Reason::NoServer));
    }
}
