//! Freezes: times in which nothing is promoted to an environment, once or again and again, in the time zone of those who
//! decided on them.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Clean, Verdict, clean_line, span};

/// So many freezes one after the other are followed to say when the last of them is over. More follow each other only where
/// they leave no time free.
const FOLLOWED: usize = 64;

/// A time in which nothing is promoted to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    name: Clean,
    times: Times,
    zone: TimeZone,
}

/// When it begins and ends, by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once(DateTime, DateTime),
    EachYear(DayOfYear, DayOfYear),
    EachWeek((Weekday, Time), (Weekday, Time)),
    EachDay(Time, Time),
}

/// `12-20 18:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DayOfYear {
    month: i8,
    day: i8,
    time: Time,
}

impl DayOfYear {
    fn in_year(self, year: i16) -> Option<DateTime> {
        Some(Date::new(year, self.month, self.day).ok()?.to_datetime(self.time))
    }
}

/// Why a freeze is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// Its beginning is no moment in any of the forms.
    #[error("`{0}` is not a moment")]
    Begin(String),
    /// Its end is none.
    #[error("`{0}` is not a moment")]
    End(String),
    /// The two ends have different forms.
    #[error("`{from}` and `{until}` have different forms")]
    Forms {
        /// The beginning.
        from: String,
        /// The end.
        until: String,
    },
    /// It would end when or before it begins.
    #[error("a freeze from `{from}` until `{until}` is empty")]
    Empty {
        /// The beginning.
        from: String,
        /// The end.
        until: String,
    },
    /// There is no such time zone.
    #[error("`{0}` is not a time zone")]
    Zone(String),
}

impl FreezeError {
    /// What to write instead.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Begin(_) | Self::End(_) | Self::Forms { .. } | Self::Empty { .. } => {
                "use the same form for both ends: `22:00` (each day), `Fri 16:00` (each week), `12-20 00:00` (each \
                 year) or `2026-12-24 12:00` (once)"
            }
            Self::Zone(_) => "use a name of the IANA database such as `Europe/Berlin` or `UTC`",
        }
    }
}

/// One end of a freeze, as it is written.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Once(DateTime),
    EachYear(DayOfYear),
    EachWeek(Weekday, Time),
    EachDay(Time),
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => time(text).map(Self::EachDay),
            Some((day, at)) => time(at).and_then(|at| {
                let week = || weekday(day).map(|day| Self::EachWeek(day, at));
                let year = || day_of_year(day, at).map(Self::EachYear);
                let once = || Some(Self::Once(day.parse::<Date>().ok()?.to_datetime(at)));
                week().or_else(year).or_else(once)
            }),
        }
    }
}

/// `16:00`; the day ends at `24:00` nowhere, but at `00:00` of the next.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| -> Option<i8> {
        let fine = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| fine)
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = days.iter().position(|day| text.eq_ignore_ascii_case(day))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// A day that every year has.
fn day_of_year(text: &str, time: Time) -> Option<DayOfYear> {
    const A_COMMON_YEAR: i16 = 2001;
    let (month, day) = text.split_once('-')?;
    let day = DayOfYear {
        month: month.parse().ok()?,
        day: day.parse().ok()?,
        time,
    };
    day.in_year(A_COMMON_YEAR).map(|_| day)
}

impl Freeze {
    /// The freeze `name` from one moment until another, by the clock of `zone`. Both have the same form: `22:00`, `Fri 16:00`,
    /// `12-20 00:00` or `2026-12-24 12:00`.
    pub fn new(name: Clean, from: &str, until: &str, zone: &str) -> Result<Self, FreezeError> {
        let both = || (clean_line(from), clean_line(until));
        let begin = Moment::parse(from).ok_or_else(|| FreezeError::Begin(clean_line(from)))?;
        let end = Moment::parse(until).ok_or_else(|| FreezeError::End(clean_line(until)))?;
        let times = match (begin, end) {
            (Moment::Once(from), Moment::Once(until)) => Times::Once(from, until),
            (Moment::EachYear(from), Moment::EachYear(until)) => Times::EachYear(from, until),
            (Moment::EachWeek(day, at), Moment::EachWeek(last, until)) => {
                Times::EachWeek((day, at), (last, until))
            }
            (Moment::EachDay(from), Moment::EachDay(until)) => Times::EachDay(from, until),
            _ => {
                let (from, until) = both();
                return Err(FreezeError::Forms { from, until });
            }
        };
        let is_empty = match times {
            Times::Once(from, until) => from >= until,
            Times::EachYear(from, until) => from == until,
            Times::EachWeek(from, until) => from == until,
            Times::EachDay(from, until) => from == until,
        };
        if is_empty {
            let (from, until) = both();
            return Err(FreezeError::Empty { from, until });
        }
        let zone = TimeZone::get(zone).map_err(|_| FreezeError::Zone(clean_line(zone)))?;
        Ok(Self { name, times, zone })
    }

    /// Its name, which tells people why.
    pub const fn name(&self) -> &Clean {
        &self.name
    }

    /// When it is over, if `now` is in it.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let around = self.around(now);
        let running = around.filter(|(from, until)| *from <= now && now < *until);
        running.map(|(_, until)| until).max()
    }

    /// When it begins next.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.around(now)
            .map(|(from, _)| from)
            .filter(|from| *from > now)
            .min()
    }

    /// Every time that it is, from the last one that began before `now` to the next one after it.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = self.zone.to_datetime(now).date();
        let days = |from: i32, to: i32| (from..=to).filter_map(move |day| today.checked_add(day.days()).ok());
        let years = || (-1..=1).filter_map(|year| today.year().checked_add(year));
        let found: Vec<(DateTime, DateTime)> = match self.times {
            Times::Once(from, until) => vec![(from, until)],
            Times::EachYear(from, until) => years()
                .filter_map(|year| {
                    let begin = from.in_year(year)?;
                    let end = until.in_year(year).filter(|end| *end > begin);
                    Some((begin, end.or_else(|| until.in_year(year.checked_add(1)?))?))
                })
                .collect(),
            Times::EachWeek((day, at), (last, until)) => days(-7, 7)
                .filter(|date| date.weekday() == day)
                .filter_map(|date| {
                    let begin = date.to_datetime(at);
                    let length = day.until(last);
                    let end = |more: i8| {
                        Some(
                            date.checked_add(i32::from(length + more).days())
                                .ok()?
                                .to_datetime(until),
                        )
                    };
                    Some((begin, end(0).filter(|end| *end > begin).or_else(|| end(7))?))
                })
                .collect(),
            Times::EachDay(at, until) => days(-1, 1)
                .filter_map(|date| {
                    let begin = date.to_datetime(at);
                    let end = Some(date.to_datetime(until)).filter(|end| *end > begin);
                    Some((
                        begin,
                        end.or_else(|| Some(date.tomorrow().ok()?.to_datetime(until)))?,
                    ))
                })
                .collect(),
        };
        // Where clocks are put forward, a moment that the wall does not show is the one after the gap.
        found
            .into_iter()
            .filter_map(|(from, until)| Some((self.at(from)?, self.at(until)?)))
    }

    fn at(&self, moment: DateTime) -> Option<Timestamp> {
        self.zone.to_timestamp(moment).ok()
    }

    /// A moment as the clock of its zone shows it: `2026-12-24 12:00 CET`.
    fn show(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone())
            .strftime("%Y-%m-%d %H:%M %Z")
            .to_string()
    }
}

/// Whether something may be promoted at `now`, by all freezes of an environment; when it is possible again, or what comes
/// next. Freezes that follow each other without a break count as one.
pub fn freeze_verdict(freezes: &[Freeze], now: Timestamp) -> Verdict {
    let mut reached = now;
    let mut last: Option<&Freeze> = None;
    let mut names: Vec<&str> = Vec::new();
    for _ in 0..FOLLOWED {
        let running = freezes
            .iter()
            .filter_map(|freeze| Some((freeze.end(reached)?, freeze)));
        let Some((end, freeze)) = running.max_by_key(|(end, _)| *end) else {
            return match last {
                None => Verdict::Allowed(ahead(freezes, now)),
                Some(last) => Verdict::Refused(format!(
                    "frozen by {} until {} ({} left)",
                    quoted(&names),
                    last.show(reached),
                    span(reached.duration_since(now))
                )),
            };
        };
        if !names.contains(&freeze.name.as_str()) {
            names.push(freeze.name.as_str());
        }
        (reached, last) = (end, Some(freeze));
    }
    Verdict::Refused(format!(
        "frozen by {}, which leave no time free: change gate.freeze in windlass.toml",
        quoted(&names)
    ))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// What comes next, where nothing is frozen.
fn ahead(freezes: &[Freeze], now: Timestamp) -> String {
    let next = freezes
        .iter()
        .filter_map(|freeze| Some((freeze.next(now)?, freeze)));
    match next.min_by_key(|(at, _)| *at) {
        Some((at, freeze)) => format!(
            "not frozen; `{}` begins {} (in {})",
            freeze.name,
            freeze.show(at),
            span(at.duration_since(now))
        ),
        None => "not frozen, and no freeze is ahead".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(name: &str, from: &str, until: &str, zone: &str) -> Freeze {
        Freeze::new(Clean::line(name), from, until, zone).unwrap()
    }

    fn verdict(freezes: &[Freeze], now: &str) -> String {
        let verdict = freeze_verdict(freezes, now.parse().unwrap());
        format!("{}: {}", verdict.word(), verdict.reason())
    }

    #[test]
    fn a_weekend_is_frozen_by_the_clock_of_its_own_time_zone() {
        let weekend = [freeze("weekend", "Fri 16:00", "Mon 08:00", "Europe/Berlin")];
        // 2026-11-27 is a Friday; Berlin is an hour ahead of UTC.
        assert_eq!(
            verdict(&weekend, "2026-11-27T14:59:59Z"),
            "allowed: not frozen; `weekend` begins 2026-11-27 16:00 CET (in 1 s)"
        );
        assert_eq!(
            verdict(&weekend, "2026-11-27T15:00:00Z"),
            "refused: frozen by `weekend` until 2026-11-30 08:00 CET (64 h left)"
        );
        assert_eq!(
            verdict(&weekend, "2026-11-30T06:59:00Z"),
            "refused: frozen by `weekend` until 2026-11-30 08:00 CET (1 min left)"
        );
        assert!(verdict(&weekend, "2026-11-30T07:00:00Z").starts_with("allowed: "));
    }

    #[test]
    fn a_freeze_over_a_change_of_clocks_opens_by_the_clock_on_the_wall() {
        let weekend = [freeze("weekend", "Fri 16:00", "Mon 08:00", "Europe/Berlin")];
        // Clocks go forward on 2026-03-29: the weekend has an hour less.
        assert_eq!(
            verdict(&weekend, "2026-03-27T15:00:00Z"),
            "refused: frozen by `weekend` until 2026-03-30 08:00 CEST (63 h left)"
        );
        // A night that begins at a time which is not on the clock that day.
        let night = [freeze("night", "02:30", "06:00", "Europe/Berlin")];
        assert_eq!(
            verdict(&night, "2026-03-29T01:45:00Z"),
            "refused: frozen by `night` until 2026-03-29 06:00 CEST (2 h 15 min left)"
        );
    }

    #[test]
    fn a_night_goes_over_midnight_and_a_year_end_over_new_year() {
        let night = [freeze("night", "22:00", "06:00", "UTC")];
        for frozen in ["2026-11-27T22:00:00Z", "2026-11-28T05:59:00Z"] {
            assert!(
                verdict(&night, frozen).starts_with("refused: frozen by `night` until 2026-11-28 06:00 UTC")
            );
        }
        assert!(verdict(&night, "2026-11-28T06:00:00Z").starts_with("allowed: "));
        let year_end = [freeze("year end", "12-20 00:00", "01-03 08:00", "UTC")];
        for frozen in ["2026-12-20T00:00:00Z", "2027-01-03T07:59:00Z"] {
            let said = verdict(&year_end, frozen);
            assert!(
                said.starts_with("refused: frozen by `year end` until 2027-01-03 08:00 UTC"),
                "{said}"
            );
        }
        assert_eq!(
            verdict(&year_end, "2027-01-03T08:00:00Z"),
            "allowed: not frozen; `year end` begins 2027-12-20 00:00 UTC (in 350 d 16 h)"
        );
    }

    #[test]
    fn a_single_freeze_is_over_for_good() {
        let audit = [freeze(
            "audit",
            "2026-12-01 09:00",
            "2026-12-02 17:00",
            "America/New_York",
        )];
        assert_eq!(
            verdict(&audit, "2026-12-01T14:00:00Z"),
            "refused: frozen by `audit` until 2026-12-02 17:00 EST (32 h left)"
        );
        assert_eq!(
            verdict(&audit, "2026-12-02T22:00:00Z"),
            "allowed: not frozen, and no freeze is ahead"
        );
    }

    #[test]
    fn freezes_that_follow_each_other_count_as_one_and_all_are_named() {
        let both = [
            freeze("weekend", "Fri 16:00", "Mon 08:00", "UTC"),
            freeze("audit", "2026-11-30 07:00", "2026-11-30 12:00", "UTC"),
        ];
        assert_eq!(
            verdict(&both, "2026-11-28T12:00:00Z"),
            "refused: frozen by `weekend`, `audit` until 2026-11-30 12:00 UTC (2 d 0 h left)"
                .replace("2 d 0 h", "48 h")
        );
        let always = [
            freeze("by day", "06:00", "22:00", "UTC"),
            freeze("by night", "22:00", "06:00", "UTC"),
        ];
        let never = verdict(&always, "2026-11-28T12:00:00Z");
        assert!(never.contains("leave no time free"), "{never}");
    }

    #[test]
    fn what_is_no_freeze_says_what_is_wrong() {
        let wrong = |from, until, zone| {
            Freeze::new(Clean::line("x"), from, until, zone)
                .unwrap_err()
                .to_string()
        };
        for moment in [
            "",
            "4pm",
            "24:00",
            "8:00",
            "Frühling 08:00",
            "02-29 00:00",
            "13-01 00:00",
            "2026-02-30 00:00",
        ] {
            assert!(
                wrong(moment, "08:00", "UTC").ends_with("is not a moment"),
                "{moment}"
            );
        }
        assert_eq!(
            wrong("Fri 16:00", "08:00", "UTC"),
            "`Fri 16:00` and `08:00` have different forms"
        );
        assert_eq!(
            wrong("08:00", "08:00", "UTC"),
            "a freeze from `08:00` until `08:00` is empty"
        );
        assert!(wrong("2026-12-02 00:00", "2026-12-01 00:00", "UTC").ends_with("is empty"));
        assert_eq!(
            wrong("08:00", "09:00", "Europe/Atlantis"),
            "`Europe/Atlantis` is not a time zone"
        );
    }
}
