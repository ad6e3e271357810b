namespace Relay.TlsRpt.Sending;

/// <summary>Who gets what goes to a mailbox, whichever way a record writes it.</summary>
internal static class ReportMailbox
{
    /// <summary>
    /// Equal for the spellings of one mailbox: without case, quotes, and what follows a plus sign. RFC 5321 §2.4 leaves the local part to
    /// its host; two mailboxes taken for one share a limit, while one taken for many would have none.
    /// </summary>
    public static string Of(string mailbox)
    {
        var at = mailbox.LastIndexOf('@');
        var local = mailbox[..at].Replace("\"", string.Empty, StringComparison.Ordinal).Replace("\\", string.Empty, StringComparison.Ordinal);

        // RFC 5233 §1: a detail behind the user.
        var detail = local.IndexOf('+', StringComparison.Ordinal);
        return $"{(detail > 0 ? local[..detail] : local)}{mailbox[at..]}".ToLowerInvariant();
    }
}
