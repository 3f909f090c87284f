//! The `postrider` program: hands the command line to [`postrider::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    postrider::cli::main()
}
