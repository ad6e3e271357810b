using Relay.Lab.Dns;

namespace Relay.Torture;

/// <summary>What can be wrong with DNS for a while; nothing that says a domain takes no mail.</summary>
internal static class DnsTrouble
{
    /// <summary>Where wrong answers point: nobody listens there.</summary>
    public const string Nowhere = "127.0.250.250";

    private static readonly (string Name, LabDnsFault Fault)[] Faults =
    [
        ("dns-silence", new LabDnsFault.Silence()),
        ("dns-servfail", LabDnsFault.ServerFailure),
        ("dns-refused", LabDnsFault.Refused),
        ("dns-dropped", new LabDnsFault.Dropped()),
        ("dns-truncated", new LabDnsFault.Truncated()),
        ("dns-forged-id", new LabDnsFault.Forged(LabDnsForgery.WrongId)),
        ("dns-forged-name", new LabDnsFault.Forged(LabDnsForgery.WrongName, ThenTruth: false)),
        ("dns-forged-port", new LabDnsFault.Forged(LabDnsForgery.WrongPort)),
        ("dns-cut-short", new LabDnsFault.Damaged(LabDnsDamage.CutShort)),
        ("dns-garbage", new LabDnsFault.Damaged(LabDnsDamage.Garbage)),
        ("dns-loop", new LabDnsFault.Damaged(LabDnsDamage.CompressionLoop)),
    ];

    private static readonly LabDnsType[] Types = [LabDnsType.None, LabDnsType.Mx, LabDnsType.A, LabDnsType.Txt];

    /// <summary>Draws a fault and sets it, for one domain or for all.</summary>
    public static string Inject(Random random, LabDnsServer server, string domain)
    {
        var (name, fault) = Faults[random.Next(Faults.Length)];
        var type = Types[random.Next(Types.Length)];
        server.SetFault(random.Next(2) == 0 ? null : domain, type, fault, times: random.Next(1, 60));
        return name;
    }
}
