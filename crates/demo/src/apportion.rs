//! Shares of a whole number that add up to it: largest remainders.

/// Splits `total` by weight; everyone gets at least `least` where the total is enough for that. Of equal
/// remainders the earlier one is rounded up.
pub(crate) fn apportion(total: u64, weights: &[u64], least: u64) -> Vec<u64> {
    let count = weights.len() as u64;
    if count == 0 {
        return Vec::new();
    }
    let least = if least.saturating_mul(count) <= total {
        least
    } else {
        0
    };
    let rest = total - least * count;
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return apportion(total, &vec![1; weights.len()], least);
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut given = 0;
    for (place, weight) in weights.iter().enumerate() {
        let exact = u128::from(rest) * u128::from(*weight);
        let share = u64::try_from(exact / sum).unwrap_or(0);
        given += share;
        shares.push(least + share);
        remainders.push((std::cmp::Reverse(exact % sum), place));
    }
    remainders.sort_unstable();
    let left = usize::try_from(rest - given).unwrap_or(0);
    for (_, place) in remainders.into_iter().take(left) {
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_follow_the_weights() {
        assert_eq!(apportion(10, &[1, 1, 1], 0), [4, 3, 3]);
        assert_eq!(apportion(10, &[8, 1, 1], 1), [6, 2, 2]);
        assert_eq!(apportion(2, &[1, 1, 1], 1), [1, 1, 0]);
        assert_eq!(apportion(4, &[0, 0], 0), [2, 2]);
        assert!(apportion(4, &[], 0).is_empty());
    }
}
