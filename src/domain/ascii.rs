//! The symbols of windlass for terminals and logs that have only ASCII. Each takes the same room as what it stands for, so
//! that tables and screens stay as they are.

/// The ASCII form of a symbol that windlass itself writes; none for all other characters, such as letters in names.
pub const fn ascii_symbol(symbol: char) -> Option<char> {
    Some(match symbol {
        '✓' | '┬' => '+',
        '✗' | '×' => 'x',
        '…' => '~',
        '·' | '–' | '—' | '−' | '─' => '-',
        '→' | '▸' => '>',
        '◂' => '<',
        '↑' => '^',
        '↓' => 'v',
        '•' => '*',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '│' | '├' | '▌' => '|',
        '└' => '`',
        '█' | '▉' | '▊' | '▋' | '▍' | '▎' | '▏' => '=',
        '░' => '.',
        _ => return None,
    })
}
