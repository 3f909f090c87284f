//! Readers who signed up by themselves, in the shape of rows: whoever walks over the roster meets
//! them behind the rows of the file, with the file's columns.

use csv::StringRecord;

use super::columns::Columns;
use super::{Row, Status};
use crate::address::EmailAddress;
use crate::readers::SignUp;
use crate::token::AddressKey;

/// Those that the file does not name, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Joined {
    columns: Columns,
    readers: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    key: AddressKey,
    address: EmailAddress,
    record: StringRecord,
}

impl Joined {
    /// Makes rows of sign-ups, with the columns of the file.
    pub(super) fn new(file: &Columns, sign_ups: Vec<SignUp>) -> Self {
        let columns = file.with(["email", "name", "tags"]);
        let reader = |sign_up: SignUp| {
            let address = sign_up.address?;
            let tags = sign_up.tags.join(" ");
            let value = |at: usize| match at {
                at if at == columns.email => address.as_str(),
                at if Some(at) == columns.name => sign_up.name.as_str(),
                at if Some(at) == columns.tags => tags.as_str(),
                _ => "",
            };
            let record: StringRecord = (0..columns.names.len()).map(value).collect();
            Some(Reader {
                key: sign_up.key,
                address,
                record,
            })
        };
        let readers = sign_ups.into_iter().filter_map(reader).collect();
        Self { columns, readers }
    }

    /// Visits each.
    pub(super) fn each<E>(
        &self,
        mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.readers.iter().try_for_each(|reader| {
            visit(&Row {
                key: reader.key,
                address: reader.address.clone(),
                line: None,
                status: Status::Active,
                columns: &self.columns,
                record: &reader.record,
            })
        })
    }
}
