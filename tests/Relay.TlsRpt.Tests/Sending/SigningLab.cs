using Microsoft.Extensions.Options;
using Relay.Lab;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Tests.Sending;

/// <summary>A fresh key in a directory of its own, and what signs with it.</summary>
internal sealed class SigningLab : IDisposable
{
    public const string Selector = "rpt1";

    public SigningLab()
    {
        var key = SigningKey.Create();
        key.Save(KeyFile);
        Records = key.RecordsFor(Names.Name("relay.test"), Selector);
        Mail = new ReportMailComposer(Options.Create(Settings), Clock);
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("relay-dkim-").FullName;

    public string KeyFile => Path.Combine(Directory, "key.pem");

    public ManualClock Clock { get; } = new();

    public IReadOnlyList<string> Records { get; }

    public ReportMailComposer Mail { get; }

    public TlsRptOptions Settings => new()
    {
        Contact = "tls@relay.test",
        Dkim = new TlsRptOptions.DkimKey { Domain = "relay.test", Selector = Selector, KeyFile = KeyFile },
    };

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
