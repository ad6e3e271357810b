namespace Relay.MtaSts.Cache;

/// <summary>What a look for a domain's policy is to find out; a later one answers an earlier one too.</summary>
internal enum LookKind
{
    /// <summary>What holds for mail now.</summary>
    Ordinary = 0,

    /// <summary>The same before mail is given up: DNS is asked, and the policy host unless it was a moment ago.</summary>
    Last,

    /// <summary>What DNS and policy host say now.</summary>
    Fresh,
}
