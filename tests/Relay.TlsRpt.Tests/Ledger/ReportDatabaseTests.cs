using System.Buffers.Binary;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Ledger;

public sealed class ReportDatabaseTests
{
    private const int PageSize = 4096;
    private const int Domains = 100;

    [Fact] // What lies around a damaged page is kept: counts, accepted copies, and mailboxes that are left alone
    public async Task Store_PageDamaged_KeepsTheRestAndSaysSo()
    {
        await using var lab = await WithReportsAsync();
        await lab.StopAsync();
        Damage(lab, MiddleOf(lab, "tally"));
        await lab.RestartAsync();

        // Both ends are there.
        var domains = lab.Queries.Domains(lab.Day);
        Assert.InRange(domains.Count, Domains / 4, Domains - 1);
        Assert.StartsWith("000", domains[0].Value, StringComparison.Ordinal);
        Assert.StartsWith("099", domains[^1].Value, StringComparison.Ordinal);
        Assert.Single(lab.Log.Named("report-store-set-aside"));
        Assert.True(int.Parse(Assert.Single(lab.Log.Named("report-store-rescued")).Fields["Rows"]!, System.Globalization.CultureInfo.InvariantCulture) > Domains);
        Assert.Equal(Domains, lab.Reports.List(lab.Day, null, 1_000).Count(entry => entry.State == ReportState.Accepted));
        Assert.NotNull(lab.Queries.Suppression("a@gone.test", lab.Clock.GetUtcNow()));
        Assert.NotEmpty(Directory.GetFiles(lab.DataDirectory, "reports.db.corrupt-*"));

        // Nobody gets a report again, and counting goes on.
        var seen = lab.Destinations.Seen.Count;
        await lab.Scheduler.PassAsync(ReportLab.Token);
        Assert.Equal(seen, lab.Destinations.Seen.Count);
        lab.Succeed("new.test");
        lab.Ledger.Flush();
        Assert.Equal("ok", lab.Query<string>("PRAGMA integrity_check"));
    }

    [Fact] // Nothing can be read: it is set aside, and the relay counts on
    public async Task Store_OfGarbage_IsSetAsideAndBegunAnew()
    {
        await using var lab = await WithReportsAsync();
        await lab.StopAsync();
        await File.WriteAllBytesAsync(lab.DatabaseFile, [.. Enumerable.Repeat((byte)0x5a, 4 * PageSize)], ReportLab.Token);
        await lab.RestartAsync();

        Assert.Empty(lab.Queries.Domains(lab.Day));
        Assert.Single(lab.Log.Named("report-store-set-aside"));
        lab.Succeed("new.test");
        lab.Ledger.Flush();
        Assert.Equal(1L, lab.Query<long>("SELECT count(*) FROM tally"));
    }

    private static async Task<ReportLab> WithReportsAsync()
    {
        var lab = ReportLab.Start(("TlsRpt:MaxPerMailbox", "1000"));
        for (var index = 0; index < Domains; index++)
        {
            var domain = $"{index:000}{new string('a', 60)}.test";
            lab.Ask(domain, "v=TLSRPTv1; rua=mailto:a@example.net");
            lab.Succeed(domain);
        }

        await lab.EndDayAsync();
        lab.Reports.Suppress("a@gone.test", "550");
        return lab;
    }

    // sqlite.org/fileformat2.html §1.6: an interior page has the number of its cells at 3, where they stand from 12 on, and a cell begins
    // with the page below it.
    private static int MiddleOf(ReportLab lab, string table)
    {
        var root = (int)lab.Query<long>($"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
        var page = File.ReadAllBytes(lab.DatabaseFile).AsSpan((root - 1) * PageSize, PageSize);
        var cells = BinaryPrimitives.ReadUInt16BigEndian(page[3..]);
        Assert.InRange(cells, 2, 100);
        return BinaryPrimitives.ReadInt32BigEndian(page[BinaryPrimitives.ReadUInt16BigEndian(page[(12 + (cells / 2 * 2))..])..]);
    }

    private static void Damage(ReportLab lab, int page)
    {
        using var file = new FileStream(lab.DatabaseFile, FileMode.Open, FileAccess.Write);
        file.Position = (page - 1L) * PageSize;
        file.Write([.. Enumerable.Repeat((byte)0x5a, PageSize)]);
    }
}
