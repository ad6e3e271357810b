namespace Relay.Submission;

/// <summary>How an attempt to authenticate ended, for those who measure failures.</summary>
internal enum LoginEnd
{
    /// <summary>Nothing was found out: the client left, or the accounts cannot be read. It counts as not made.</summary>
    Open = 0,

    /// <summary>The credentials were wrong.</summary>
    Failed,

    /// <summary>There was no place for it. A failure of those it came from, and none of the account that it named.</summary>
    Busy,

    /// <summary>The client is who it says.</summary>
    Succeeded,
}
