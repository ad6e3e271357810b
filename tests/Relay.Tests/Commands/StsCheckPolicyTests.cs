using System.Text.Json;

namespace Relay.Tests.Commands;

/// <summary>What <c>relay sts check</c> tells the author of a policy file: every fault, with its line and a remedy of its own.</summary>
public sealed class StsCheckPolicyTests
{
    [Fact] // RFC 8461 §3.2
    public async Task Check_ThreeFaultsInAFile_AreAllShownWithTheirLines()
    {
        var steps = await FaultsAsync("version: STSv1\nmode: Enforce\nmx: mx.good.test, mx2.good.test\nmax_age: 1 week\n");
        Assert.Equal(
            [
                ("line 2: the mode is none of enforce, testing and none: \"mode: Enforce\"", "small letters"),
                ("line 3: the mx is no host name: \"mx.good.test, mx2.good.test\"", "one mx line for each host"),
                ("line 4: max_age is not 1 to 10 digits: \"max_age: 1 week\"", "; no unit"),
            ],
            steps.Zip(["small letters", "one mx line for each host", "; no unit"], (step, part) =>
                (Text(step, "finding"), Text(step, "remedy").Contains(part, StringComparison.Ordinal) ? part : Text(step, "remedy"))));
    }

    [Theory] // RFC 8461 §3.2: the value may be right, and the form of the line wrong
    [InlineData("\ufeffversion: STSv1\nmode: testing\nmx: mx.good.test\nmax_age: 86400\n", "without a byte order mark")]
    [InlineData("version: STSv1 mode: testing max_age: 86400 mx: mx.good.test", "one field a line")]
    [InlineData("version: STSv1<br>mode: testing<br>max_age: 86400<br>mx: mx.good.test", "one field a line")]
    [InlineData("version: STSv1;\nmode: enforce\nmx: mx.good.test\nmax_age: 604800\n", "Remove the semicolon")]
    [InlineData("version: STSv1\n# our hosts\nmode: enforce\nmx: mx.good.test\nmax_age: 604800\n", "Remove the comment")]
    [InlineData("version: STSv1\nmode: enforce # for good\nmx: mx.good.test\nmax_age: 604800\n", "Remove the comment behind")]
    [InlineData("version: STSv1\nmode: \"enforce\"\nmx: mx.good.test\nmax_age: 604800\n", "without quotes")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 604,800\n", "no separators")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: -1\n", "cannot be negative")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test:25\nmax_age: 604800\n", "without a port")]
    [InlineData("version: STSv1\nmode: enforce\nmx: https://mx.good.test\nmax_age: 604800\n", "without a scheme")]
    [InlineData("version: STSv1\nmode: enforce\nmx: <mx.good.test>\nmax_age: 604800\n", "without brackets")]
    [InlineData("version: STSv1\nmode: enforce\nmx: [192.0.2.1]\nmax_age: 604800\n", "an address matches no host")]
    [InlineData("version: STSv1\nmode: enforce\nmx: 2001:db8::1\nmax_age: 604800\n", "an address matches no host")]
    [InlineData("version: STSv1\nmode: enforce\nmx: 10 mx.good.test\nmax_age: 604800\n", "without the MX record's preference")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test mx2.good.test\nmax_age: 604800\n", "one mx line for each host")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test.\nmax_age: 604800\n", "without a dot at its end")]
    [InlineData("version: STSv1\nmode: enforce\nmx: .good.test\nmax_age: 604800\n", "mx: *.good.test")]
    [InlineData("version: STSv1\nmode: enforce\nmx: *\nmax_age: 604800\n", "the whole first label")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.b\u00fccher.test\nmax_age: 604800\n", "ASCII form")]
    [InlineData("version: STSv1\nMode: enforce\nmx: mx.good.test\nmax_age: 604800\n", "small letters")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test\n\u0000max_age: 604800\n", "without control characters")]
    [InlineData("<html>\n", "this is a web page")]
    public async Task Check_OneFaultOfForm_HasARemedyOfItsOwn(string policy, string remedy) =>
        Assert.Contains(remedy, Text(Assert.Single(await FaultsAsync(policy)), "remedy"), StringComparison.Ordinal);

    [Fact] // RFC 8461 §3.2
    public async Task Check_SemicolonOnEveryLine_IsToldForEveryLine()
    {
        var steps = await FaultsAsync("version: STSv1;\nmode: enforce;\nmx: mx.good.test;\nmax_age: 604800;\n");
        Assert.Equal(["1", "2", "3", "4"], steps.Select(step => Text(step, "finding")["line ".Length..].Split(':')[0]).Order());
        Assert.All(steps, step => Assert.StartsWith("Remove the semicolon", Text(step, "remedy"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_HostileFile_IsToldWithinBoundsAndWithoutControlCharacters()
    {
        await using var lab = new StsLab();
        lab.Serve(string.Concat(Enumerable.Repeat($"\u001b[2J{new string('x', 500)}\n", 100)));
        var run = await lab.StsAsync("check", StsLab.Domain);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.InRange(run.Output.Split("control character").Length, 10, 60);
        Assert.DoesNotContain(new string('x', 101), run.Output, StringComparison.Ordinal);
    }

    [Fact] // RFC 8461 §4.1, RFC 5321 §5.1
    public async Task Check_AddressAmongTheNames_IsAdviceAndDelivers()
    {
        await using var lab = new StsLab();
        lab.Serve("version: STSv1\nmode: enforce\nmx: mx.good.test\nmx: 192.0.2.56\nmax_age: 604800\n");
        var step = Assert.Single(await lab.CheckAsync(), found => Text(found, "step") == "mx-pattern");
        Assert.Equal(("advice", true), (Text(step, "status"), Text(step, "finding").Contains("192.0.2.56 is an address", StringComparison.Ordinal)));
    }

    [Fact] // RFC 8461 §3.2, erratum 7282
    public async Task Check_LifeOfMoreThanAYear_IsAdvice()
    {
        await using var lab = new StsLab();
        lab.Serve(StsLab.Policy.Replace("2592000", "9999999999", StringComparison.Ordinal));
        var step = Assert.Single(await lab.CheckAsync(), found => Text(found, "step") == "max-age");
        Assert.Equal("advice", Text(step, "status"));
        Assert.Contains("9999999999 s is more than a year", Text(step, "finding"), StringComparison.Ordinal);
    }

    private static async Task<List<JsonElement>> FaultsAsync(string policy)
    {
        await using var lab = new StsLab();
        lab.Serve(policy);
        return [.. (await lab.CheckAsync()).Where(step => Text(step, "status") == "failed" && Text(step, "step") == "policy")];
    }

    private static string Text(JsonElement step, string property) => step.GetProperty(property).GetString()!;
}
