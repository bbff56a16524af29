
// Replaces `main` in a copy of a program's source, so that man pages and completions come from the program's own `Args`.
// Writes both to the folder named by the first argument.
fn main() -> std::io::Result<()> {
    let folder = std::path::PathBuf::from(std::env::args_os().nth(1).expect("a folder"));
    let name = env!("CARGO_BIN_NAME");
    let mut command = <Args as clap::CommandFactory>::command().name(name).bin_name(name);
    clap_mangen::generate_to(command.clone(), folder.join("man"))?;
    for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Fish, clap_complete::Shell::Zsh] {
        clap_complete::generate_to(shell, &mut command, name, folder.join(shell.to_string()))?;
    }
    Ok(())
}
