
// Stands in the place of a program's `main`, in a copy of its source: writes the program's man pages, and its completions
// for three shells, to the folder that it is given. So they are made from the definitions that the program itself has.
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
